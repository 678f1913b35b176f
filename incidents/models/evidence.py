"""What was found out about an incident before anything was mitigated: the first look, and files."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from incidents.models.incident import Incident
from smsops.models import Run


class Evidence(models.Model):
    """A file taken before anything was mitigated; its digest proves that it is still what was taken (§5.2). The
    row and the digest stay when the file is let go of."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="evidence")
    name = models.CharField(max_length=80)
    time = models.PositiveIntegerField(default=0, help_text="How many times it had been reopened when it was taken.")
    path = models.CharField(max_length=500)
    sha256 = models.CharField("SHA-256", max_length=64)
    size = models.PositiveBigIntegerField(default=0)
    taken_at = models.DateTimeField(default=timezone.now)
    personal = models.BooleanField(default=False, help_text="Sealed with the vault's keys: it has personal data in it.")
    run = models.ForeignKey(Run, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    removed_why = models.CharField(max_length=200, blank=True, help_text="Why the file is not kept any longer.")
    removed_at = models.DateTimeField(null=True, blank=True, help_text="Since when it is gone.")

    class Meta:
        permissions = [("open_personal_evidence", "Can open a copy of the database taken as evidence")]
        ordering = ["incident", "time", "name"]
        verbose_name_plural = "evidence"
        constraints = [models.UniqueConstraint(fields=["incident", "name"], name="one_piece_of_evidence_per_name")]

    def __str__(self) -> str:
        return self.name

    def called(self, name: str) -> bool:
        """Whether it is the piece of that name, of whatever time."""
        return self.name == name_at(name, self.time)

    @property
    def gone(self) -> str:
        """That its file is not kept any longer, and why, in a sentence; empty while it is."""
        if not self.removed_why:
            return ""
        at = self.removed_at
        when = f"was removed on {timezone.localtime(at):%Y-%m-%d}" if at is not None else "is being removed"
        return f"The evidence {self.name} {when}: {self.removed_why}."


def name_at(name: str, time: int) -> str:
    """What a piece is called that is taken after so many reopenings: “log.txt”, then “time-2-log.txt”."""
    return f"time-{time + 1}-{name}" if time else name


class Triage(models.Model):
    """What smsops saw in the first minute of each time (§5.2): a sentence or two on each question, redacted."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="triages")
    time = models.PositiveIntegerField(default=0, help_text="How many times the incident had been reopened.")
    at = models.DateTimeField(default=timezone.now)
    seconds = models.FloatField(default=0, help_text="From the incident's opening until it was known.")
    broken = models.TextField(help_text="What is broken.")
    running = models.TextField(help_text="What runs now.")
    changed = models.TextField(help_text="What was changed last.")
    guess = models.TextField(blank=True, help_text="What it looks like.")
    words = models.TextField(blank=True, help_text="The line of SMS's log that says most.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "time"], name="one_triage_each_time")]

    def __str__(self) -> str:
        return f"Triage of incident {self.incident_id}"
