"""Playbooks: what an incident of a kind looks like, how to find its cause, and what helps (runbook §5.3; I8)."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.urls import reverse
from django.utils import timezone

from incidents.models.incident import Incident
from smsops.fields import NameField
from smsops.models import Run


class Playbook(models.Model):
    """One kind of incident. What it says is in its versions; the newest counts for the next incident."""

    key = NameField(max_length=40, unique=True, help_text="Short name used in commands.")
    title = models.CharField(max_length=120)
    section = models.CharField("runbook", max_length=12, blank=True)
    enabled = models.BooleanField(default=True, help_text="Whether it is suggested.")

    class Meta:
        ordering = ["section", "title"]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("admin:incidents_playbook_change", args=[self.pk])


class PlaybookVersion(models.Model):
    """What a playbook says; never changed once it is there.

    `signature` is a list of {"in", "pattern", "points", "why"}, `diagnosis` of {"do", …its parameters}, `responses` of
    {"do", "when", …its parameters}; docs/playbooks.md has what each may be.
    """

    playbook = models.ForeignKey(Playbook, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(default=1)
    symptom = models.TextField()
    signature = models.JSONField(default=list, blank=True)
    diagnosis = models.JSONField(default=list, blank=True)
    responses = models.JSONField(default=list, blank=True)
    fallback = models.TextField(blank=True)
    made_at = models.DateTimeField(default=timezone.now)
    made_by = models.CharField(max_length=150, blank=True, help_text="Empty: it came with smsops.")

    class Meta:
        ordering = ["playbook", "-number"]
        constraints = [models.UniqueConstraint(fields=["playbook", "number"], name="one_playbook_version_per_number")]

    def __str__(self) -> str:
        return f"{self.playbook}, version {self.number}"

    @property
    def said(self) -> dict[str, Any]:
        """What it says, as values."""
        names = ("symptom", "signature", "diagnosis", "responses", "fallback")
        return {name: getattr(self, name) for name in names}


class ActKind(models.TextChoices):
    DIAGNOSIS = "diagnosis", "Diagnosis"
    RESPONSE = "response", "Response"


class PlaybookAct(models.Model):
    """One step of a diagnosis that ran, or one response, on an incident. `version` is the one that was in force then;
    empty where no playbook fitted. `verdict` is that of the diagnosis, or the state of the response's run."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="acts")
    version = models.ForeignKey(PlaybookVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="acts")
    kind = models.CharField(max_length=10, choices=ActKind)
    key = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    verdict = models.CharField(max_length=20)
    text = models.TextField(blank=True)
    at = models.DateTimeField(default=timezone.now)
    run = models.ForeignKey(Run, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["key", "kind"], name="acts_by_key")]
        constraints = [
            models.UniqueConstraint(fields=["incident", "run", "kind", "title"], name="one_act_of_a_run_per_incident")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.title}: {self.verdict}"
