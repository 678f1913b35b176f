"""Rows for the tests, one plain function each: sensible values, and whatever the test says itself.

Environments made here have folders of their own below the test's temporary folder and no SMS in them; a test that
needs a running one takes a place (tests/places.py).
"""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.utils import timezone

from backups.models import Backup, OffsiteVault
from deployments import versions
from deployments.models import CheckResult, ConfigSnapshot, Finding, Operation, Release
from incidents.models import (
    ActionItem,
    Alert,
    AlertSource,
    EntryKind,
    Incident,
    MaintenanceWindow,
    PostMortem,
    Severity,
    Silence,
    TimelineEntry,
    Watch,
)
from smsops.api import tokens
from smsops.models import ApiToken, Environment, Run, RunState, Step, StepState, Webhook, WebhookDelivery
from smsops.runtimes.base import Instance
from smsops.runtimes.registry import runtime_for
from smsops.webhooks import signing

CANARY = "canary-9f3b-the-password"
SMOKE = {"smoke_email": "smoke@school.example", "smoke_password": CANARY}


def _unique(prefix: str) -> str:
    return f"{prefix}{uuid.uuid4().hex[:8]}"


def make_user(*permissions: str, **fields: Any) -> User:
    """A member of staff with these permissions (`app.codename`), all of them looked up; the password is “secret”."""
    user = User.objects.create_user(fields.pop("username", _unique("user-")), password="secret")
    for name, value in {"is_staff": True, **fields}.items():
        setattr(user, name, value)
    user.save()
    for permission in permissions:
        app, codename = permission.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    return user


def make_viewer() -> User:
    """A member of staff who may look at everything and change nothing."""
    user = make_user()
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    return user


def make_admin() -> User:
    """A superuser."""
    return make_user(is_superuser=True)


def make_environment(**fields: Any) -> Environment:
    """An environment of the process runtime, with an empty data folder and an empty folder of releases."""
    name = fields.setdefault("name", _unique("env-"))
    folder = Path(settings.SMSOPS_WORK_DIR).parent / "places" / name
    for part in ("data", "releases"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    defaults = {
        "runtime": "process",
        "volume": "",
        "data_path": str(folder / "data"),
        "releases_path": str(folder / "releases"),
        "base_url": "http://127.0.0.1:9",  # the discard port: nobody answers there
        "host_port": 9,
    }
    environment = Environment(**{**defaults, **fields})
    environment.full_clean()
    environment.save()
    return environment


def make_release(
    environment: Environment, version: str = "1.18.0", *, installed: bool = True, program: str = "", **fields: Any
) -> Release:
    """A release, by default with its folder, which stands for an image, where the runtime finds it; `program` is what
    it does when it is started."""
    image_id = fields.setdefault("image_id", f"tree:{uuid.uuid4().hex}" if installed else "")
    if installed:
        folder = Path(environment.releases_path) / version
        (folder / "backend").mkdir(parents=True)
        (folder / "backend" / "entrypoint.py").write_text(program)
        (folder / ".smsops-release.json").write_text(json.dumps({"id": image_id}))
    fields.setdefault("order", versions.sort_key(version))
    return Release.objects.create(environment=environment, version=version, **fields)


def make_config_snapshot(environment: Environment | None = None, **fields: Any) -> ConfigSnapshot:
    """A snapshot whose files hold the canary."""
    defaults = {"digest": "d" * 64, "variables": {"SECRET_KEY": "f" * 32}, "env_content": f"SECRET_KEY={CANARY}\n"}
    return ConfigSnapshot.objects.create(environment=environment or make_environment(), **{**defaults, **fields})


def make_check_result(environment: Environment | None = None, **fields: Any) -> CheckResult:
    """What a check said now, by default a good answer of the checklist that nobody's run asked for."""
    defaults = {"stage": "checklist", "key": "health", "section": "§3", "title": "Health", "verdict": "pass"}
    return CheckResult.objects.create(environment=environment or make_environment(), **{**defaults, **fields})


def make_instance(environment: Environment, release: Release) -> Instance:
    """The instance under the environment's name, made from the release and never started."""
    return runtime_for(environment).create(environment.instance, release.image_id, {})


def make_run(environment: Environment | None = None, **fields: Any) -> Run:
    """A run, by default a backup that ended well a moment ago."""
    environment = environment or make_environment()
    now = timezone.now()
    over = fields.get("state", RunState.SUCCEEDED) not in (RunState.PLANNED, RunState.QUEUED, RunState.RUNNING)
    defaults = {
        "kind": "backup",
        "title": f"Back up {environment.name}",
        "state": RunState.SUCCEEDED,
        "created_at": now - timedelta(seconds=5),
        "started_at": now - timedelta(seconds=4),
        "finished_at": now - timedelta(seconds=1) if over else None,
        "end_announced": over,
    }
    return Run.objects.create(environment=environment, **{**defaults, **fields})


def make_operation(environment: Environment | None = None, **fields: Any) -> Operation:
    """A deploy in the operations log."""
    run = make_run(environment, **{"kind": "deploy", "title": "Deploy 1.18.0", "reason": "the new term", **fields})
    return Operation.objects.get(pk=run.pk)


def make_finding(run: Run | None = None, **fields: Any) -> Finding:
    """A known weakness of a package, found by an audit that has just ended."""
    run = run or make_run(kind="audit", title="Audit 1.18.0")
    defaults = {
        "tool": "pip-audit",
        "version": "1.18.0",
        "package": "flask",
        "installed": "0.5",
        "advisory": "PYSEC-2019-179",
        "fix": "1.0",
        "what": "Unexpected memory usage.",
        "mark": uuid.uuid4().hex,
    }
    return Finding.objects.create(run=run, environment=run.environment, **{**defaults, **fields})


def make_step(run: Run, **fields: Any) -> Step:
    """The next step of a run, by default one that is done."""
    now = timezone.now()
    defaults = {
        "position": run.steps.count() + 1,
        "kind": "backup.snapshot",
        "title": "Take a snapshot of the live database",
        "state": StepState.DONE,
        "started_at": now - timedelta(seconds=3),
        "finished_at": now - timedelta(seconds=2),
        "work_seconds": 1.0,
    }
    return Step.objects.create(run=run, **{**defaults, **fields})


def make_backup(environment: Environment | None = None, **fields: Any) -> Backup:
    """A catalogue card of a good backup, taken now; the vault knows nothing of it."""
    environment = environment or make_environment()
    taken_at = fields.setdefault("taken_at", timezone.now())
    defaults = {
        "identifier": f"{taken_at:%Y%m%dT%H%M%SZ}-{_unique('r')}",
        "proof": "checked",
        "size": 52_428_800,
        "stored_size": 9_000_000,
        "root": "a" * 64,
        "schema_revision": "c41d7e90ab52",
        "release_version": "1.18.0",
        "row_counts": {"students": 200, "courses": 12},
    }
    return Backup.objects.create(environment=environment, **{**defaults, **fields})


def make_offsite_vault(environment: Environment | None = None, **fields: Any) -> OffsiteVault:
    """A bucket nobody has ever reached."""
    defaults = {"name": _unique("s3-"), "kind": "s3", "bucket": "school", "user": "AKID", "secret": CANARY}
    return OffsiteVault.objects.create(environment=environment or make_environment(), **{**defaults, **fields})


def make_incident(environment: Environment | None = None, **fields: Any) -> Incident:
    """An open incident with one sign on its timeline."""
    environment = environment or make_environment()
    defaults = {
        "title": "SMS does not answer",
        "severity": Severity.CRITICAL,
        "fingerprint": _unique("sign-"),
    }
    incident = Incident.objects.create(environment=environment, **{**defaults, **fields})
    TimelineEntry.objects.create(incident=incident, kind=EntryKind.SIGN, text="/health: connection refused")
    return incident


def make_postmortem(incident: Incident | None = None, **fields: Any) -> PostMortem:
    """A draft nobody has written in or measured yet, due tomorrow."""
    if incident is None:
        incident = make_incident(state="resolved", resolved_at=timezone.now())
    defaults = {"due_at": timezone.now() + timedelta(days=1), "news_read": 1}
    return PostMortem.objects.create(incident=incident, **{**defaults, **fields})


def make_action_item(incident: Incident | None = None, **fields: Any) -> ActionItem:
    """Something to do that nobody has taken on."""
    return ActionItem.objects.create(incident=incident or make_incident(), **{"title": "Watch the disk", **fields})


def make_alert_source(environment: Environment | None = None, **fields: Any) -> AlertSource:
    """An Alertmanager nobody has ever heard; its token is known to nobody."""
    defaults = {"name": _unique("prometheus-"), "kind": "alertmanager", "token_sha256": uuid.uuid4().hex}
    return AlertSource.objects.create(environment=environment or make_environment(), **{**defaults, **fields})


def make_alert(source: AlertSource | None = None, **fields: Any) -> Alert:
    """An alert that fires and belongs to no incident."""
    defaults = {
        "fingerprint": _unique("f"),
        "name": "Slow",
        "severity": "high",
        "cause": "alert:slow",
        "text": "It takes 3 s",
        "labels": {"alertname": "Slow", "host": "web1"},
    }
    return Alert.objects.create(source=source or make_alert_source(), **{**defaults, **fields})


def make_token(owner: User | None = None, **fields: Any) -> ApiToken:
    """A token that may read; its text is known to nobody."""
    token, _ = tokens.create(owner or make_user(), fields.pop("name", _unique("ci ")), ["read"])
    for name, value in fields.items():
        setattr(token, name, value)
    token.save()
    return token


def make_webhook(url: str = "", **fields: Any) -> Webhook:
    """A webhook that is told of everything, at an address that is a secret."""
    defaults = {"name": _unique("hook "), "secret": signing.new_secret()}
    return Webhook.objects.create(url=url or f"https://ops.example/{CANARY}", **{**defaults, **fields})


def make_delivery(hook: Webhook | None = None, **fields: Any) -> WebhookDelivery:
    """A message that waits."""
    defaults = {"message": _unique("msg_"), "event": "run.ended", "about": "run:7", "body": '{"type": "run.ended"}'}
    return WebhookDelivery.objects.create(webhook=hook or make_webhook(), **{**defaults, **fields})


def make_silence(environment: Environment | None = None, **fields: Any) -> Silence:
    """A silence that is in force for another hour."""
    ends_at = timezone.now() + timedelta(hours=1)
    defaults = {"match": {"alertname": "Slow"}, "reason": "we know", "ends_at": ends_at}
    return Silence.objects.create(environment=environment or make_environment(), **{**defaults, **fields})


def make_window(environment: Environment | None = None, **fields: Any) -> MaintenanceWindow:
    """A maintenance window that has just begun."""
    defaults = {"title": "New disks", "starts_at": timezone.now(), "minutes": 60}
    return MaintenanceWindow.objects.create(environment=environment or make_environment(), **{**defaults, **fields})


def make_watch(environment: Environment, **fields: Any) -> Watch:
    """What the watcher remembers: by default it has just seen a healthy SMS."""
    now = timezone.now()
    defaults = {
        "looked_at": now,
        "asked_at": now,
        "status": "healthy",
        "ready": True,
        "detail": "/health: healthy (HTTP 200), /health/ready: ready",
        "release": "1.18.0",
        "response_ms": 12,
    }
    return Watch.objects.create(environment=environment, **{**defaults, **fields})


def git(folder: Path, *words: str) -> str:
    """Run git in a folder, without the settings of this machine and this person."""
    person = ["-c", "user.name=Tests", "-c", "user.email=tests@smsops.example", "-c", "init.defaultBranch=main"]
    own = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    env = own | {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    command = ["git", "-C", str(folder), *person, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout


def make_repository(folder: Path, tags: Mapping[str, Mapping[str, str]]) -> Path:
    """A git repository with one commit per tag, each with exactly the files given for it."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet", "--template=")
    for tag, files in tags.items():
        git(folder, "rm", "-rqf", "--ignore-unmatch", ".")
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(text.encode("utf-8", "surrogateescape"))
        git(folder, "add", "--all", "--force")
        git(folder, "commit", "--quiet", "--allow-empty", "--message", f"Release {tag}")
        git(folder, "tag", tag)
    return folder
