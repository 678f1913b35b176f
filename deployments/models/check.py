"""What a check said, once."""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from django.utils import timezone

from deployments.models.release import Release
from smsops.models import Environment, Run


class CheckVerdict(models.TextChoices):
    PASS = "pass", "Pass"
    WARN = "warn", "Warning"
    FAIL = "fail", "Fail"
    SKIP = "skip", "Skipped"


class CheckResult(models.Model):
    """The verdict of one check at one moment, asked by a run or, where there is none, on demand (D2, D4).

    `stage` tells preconditions from the checklist; one `on_copy` was asked of an SMS in a sandbox and says nothing of
    the environment's own.
    """

    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="check_results")
    run = models.ForeignKey(Run, null=True, blank=True, on_delete=models.CASCADE, related_name="check_results")
    release = models.ForeignKey(Release, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    stage = models.CharField(max_length=20)
    on_copy = models.BooleanField("on a copy", default=False)
    key = models.CharField(max_length=60)
    section = models.CharField(max_length=20, blank=True)
    title = models.CharField(max_length=120)
    verdict = models.CharField(max_length=4, choices=CheckVerdict)
    detail = models.TextField(blank=True)
    fix = models.TextField(blank=True)
    seconds = models.FloatField(default=0)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-at", "pk"]
        verbose_name = "check result"
        indexes = [
            models.Index(fields=["environment", "key", "-at"], name="check_results_by_key"),
            models.Index(fields=["-at", "id"], name="check_results_newest"),
            models.Index(fields=["verdict", "-at", "id"], name="check_results_by_verdict"),
            models.Index(fields=["key", "-at", "id"], name="check_results_of_key"),
            models.Index(fields=["-at", "id"], condition=models.Q(on_copy=True), name="check_results_on_copies"),
        ]

    def __str__(self) -> str:
        return f"{self.title}: {self.get_verdict_display().lower()}"

    def get_absolute_url(self) -> str:
        return reverse("admin:deployments_checkresult_change", args=[self.pk])
