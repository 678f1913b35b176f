"""An SMS installation under care."""

from __future__ import annotations

from datetime import timedelta

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone

from smsops.environments.rules import refuse_sharing, validate
from smsops.fields import EncryptedTextField, NameField
from smsops.models.risk import SecondPerson


class Preset(models.TextChoices):
    """What an environment looks like unless its fields say otherwise (features.md K1)."""

    SMS_DOCKER = "sms-docker", "SMS in Docker"
    SMS_NATIVE = "sms-native", "SMS run natively"
    GENERIC = "generic", "Something else, every field by hand"


class RuntimeKind(models.TextChoices):
    DOCKER = "docker", "Docker Engine"
    PROCESS = "process", "Process on this machine"


class DatabaseEngine(models.TextChoices):
    SQLITE = "sqlite", "SQLite, a file in the data folder"
    POSTGRESQL = "postgresql", "PostgreSQL"


class EdgeKind(models.TextChoices):
    NONE = "none", "None: SMS has the public port itself"
    CADDY = "caddy", "Caddy"


def default_core_tables() -> list[str]:
    """The tables of runbook §4.3, by the names SMS really uses (sms-contract, surprise 3)."""
    return ["students", "courses", "grades", "attendances", "course_enrollments"]


class Environment(models.Model):
    """One SMS installation: how it runs, where its data is, how it is reached and what is promised for it.

    What is *running* is never stored here; the runtime is asked (design: verdicts come from probes).
    """

    name = NameField(max_length=40, unique=True, help_text="Short name used in commands, like “demo”.")
    title = models.CharField(max_length=120, blank=True)
    preset = models.CharField(max_length=20, choices=Preset, default=Preset.SMS_DOCKER)
    runtime = models.CharField(max_length=10, choices=RuntimeKind, default=RuntimeKind.DOCKER)
    queue = NameField(
        max_length=40, default="smsops", help_text="The Celery queue whose workers stand beside this engine."
    )

    instance = models.CharField(
        "instance name",
        max_length=60,
        default="sms-app",
        validators=[RegexValidator(r"^[a-zA-Z0-9][a-zA-Z0-9_.-]+$", "Letters, digits, dot, dash and underscore only.")],
        help_text="Name of the container, or of the supervised process.",
    )
    image = models.CharField(
        "image name",
        max_length=120,
        default="sms-fullstack",
        help_text="Image without a tag; the tag is the version.",
    )
    volume = models.CharField(max_length=120, default="sms_data", blank=True, help_text="Docker volume with the data.")
    data_path = models.CharField(
        max_length=500,
        blank=True,
        help_text="Folder in which the worker sees SMS's data. Empty with Docker: the volume's own folder.",
    )
    database_engine = models.CharField(max_length=12, choices=DatabaseEngine, default=DatabaseEngine.SQLITE)
    database_file = models.CharField(max_length=200, default="student_management.db")
    database_url = EncryptedTextField(blank=True, default="")
    releases_path = models.CharField(
        max_length=500, blank=True, help_text="Process runtime: folder with one unpacked release per version."
    )
    interpreter = models.CharField(
        max_length=500,
        blank=True,
        help_text="Process runtime: the Python that runs SMS. Empty: the one of smsops.",
    )
    env_file = models.CharField(max_length=500, blank=True, help_text="The .env file SMS is started with.")
    compose_file = models.CharField(
        max_length=500, blank=True, help_text="The compose file SMS belongs to, where it has one; only written down."
    )
    source_path = models.CharField(
        max_length=500, blank=True, help_text="Git repository whose tags are the releases of SMS."
    )
    memory_limit_mb = models.PositiveIntegerField(
        default=4096,
        validators=[MinValueValidator(64)],
        help_text="Memory SMS may use, in MB (runbook §5.3.1).",
    )

    base_url = models.CharField(
        max_length=200, default="http://127.0.0.1:8080", help_text="Where SMS answers, without a path."
    )
    host_port = models.PositiveIntegerField(default=8080, validators=[MinValueValidator(1), MaxValueValidator(65535)])
    container_port = models.PositiveIntegerField(
        default=8000, validators=[MinValueValidator(1), MaxValueValidator(65535)]
    )
    edge = models.CharField(
        max_length=10,
        choices=EdgeKind,
        default=EdgeKind.NONE,
        help_text="What answers on the public port and passes requests on; with it nobody is refused during a switch.",
    )
    edge_admin = models.CharField(
        "edge takes orders at",
        max_length=200,
        default="http://127.0.0.1:2019",
        blank=True,
        help_text="Caddy's admin address, or unix:///path of its socket.",
    )
    warm_minutes = models.PositiveIntegerField(
        "keep warm (minutes)",
        default=15,
        help_text="Edge: how long the release before goes on running, ready to be gone back to at once.",
    )
    smoke_email = models.CharField(
        max_length=200, blank=True, help_text="Account for the login check. Empty: the check is skipped."
    )
    smoke_password = EncryptedTextField(blank=True, default="")

    backup_minutes = models.PositiveIntegerField(
        "backup every (minutes)", default=15, validators=[MinValueValidator(1)], help_text="Runbook §6.3: 15."
    )
    backups_enabled = models.BooleanField(default=True)
    health_seconds = models.PositiveIntegerField(
        "check health every (seconds)",
        default=60,
        validators=[MinValueValidator(2)],
        help_text="Runbook §7: 60.",
    )
    gate_seconds = models.PositiveIntegerField(
        "health gate (seconds)",
        default=90,
        validators=[MinValueValidator(5)],
        help_text="How long a started SMS may take until it is healthy and ready.",
    )
    steady_seconds = models.PositiveIntegerField(
        "steady for (seconds)",
        default=5,
        help_text="How long a started SMS is watched for a late crash before it is believed.",
    )
    watch_seconds = models.PositiveIntegerField(
        "watch for (seconds)",
        default=600,
        help_text="How long a new release is compared with the one before; 0: not at all.",
    )
    stop_seconds = models.PositiveIntegerField("stop grace (seconds)", default=15, validators=[MinValueValidator(1)])
    checks_off = models.JSONField(
        "checks switched off",
        default=dict,
        blank=True,
        help_text='Keys of checks and why, like {"bundle": "The page comes from elsewhere."}.',
    )
    rate_limit_check = models.BooleanField(
        "rate limit may be tried out",
        default=False,
        help_text="Up to 1,020 reads in a row (runbook §3): never where people work.",
    )
    core_tables = models.JSONField(default=default_core_tables, blank=True)
    rto_minutes = models.PositiveIntegerField("RTO (minutes)", default=20, validators=[MinValueValidator(1)])
    rpo_minutes = models.PositiveIntegerField("RPO (minutes)", default=60, validators=[MinValueValidator(1)])
    rehearsal_required = models.BooleanField(
        default=False, help_text="Only a release that was rehearsed on a copy within a day may be deployed."
    )
    second_person = models.CharField(
        "a second person decides",
        max_length=12,
        choices=SecondPerson,
        default=SecondPerson.NEVER,
        help_text="From what on a run somebody asks for waits for another person's approval.",
    )
    shell_breaks_glass = models.BooleanField(
        "the shell may break the glass",
        default=False,
        help_text="Whether “ops … --break-glass” may start a run without the second person.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["name"]
        permissions = [
            ("backup_environment", "Can back up an environment"),
            ("restore_environment", "Can restore an environment from a backup"),
            ("deploy_environment", "Can deploy a release to an environment"),
            ("rollback_environment", "Can roll back an environment"),
            ("check_environment", "Can run checks against an environment"),
            ("rotate_environment", "Can rotate the keys of an environment"),
            ("restart_environment", "Can restart SMS or make it anew"),
        ]

    def __str__(self) -> str:
        return self.title or self.name

    def get_absolute_url(self) -> str:
        return reverse("admin:smsops_environment_change", args=[self.pk])

    def clean(self) -> None:
        """Refuse what could not work, with one sentence per field."""
        validate(self)
        refuse_sharing(self)

    @property
    def rpo(self) -> timedelta:
        return timedelta(minutes=self.rpo_minutes)
