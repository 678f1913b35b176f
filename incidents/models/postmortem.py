"""Post-mortems: what was measured, what people say of it, and where its review is (runbook §5.2; I11)."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from incidents.models.incident import Incident
from smsops.states import table


class PostMortemState(models.TextChoices):
    DRAFT = "draft", "Draft"
    REVIEW = "in_review", "In review"
    APPROVED = "approved", "Approved"
    PUBLISHED = "published", "Published"


POSTMORTEM_TABLE = table(
    draft="in_review",
    in_review="draft approved",
    approved="published draft",
    published="draft",
)
MEASURING = (PostMortemState.DRAFT, PostMortemState.REVIEW)  # until it is approved, what was measured is kept fresh


def _person() -> models.ForeignKey[User | None, User | None]:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )


class PostMortem(models.Model):
    """The one post-mortem of an incident. `measured` is smsops' own and made anew until approval; `texts` are people's,
    by section, and every version of them is kept. `news` grows when there may be something new to measure;
    `news_read` is how much of it `measured` knows."""

    incident = models.OneToOneField(Incident, on_delete=models.CASCADE, related_name="postmortem")
    state = models.CharField(max_length=10, choices=PostMortemState, default=PostMortemState.DRAFT)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="postmortems",
        help_text="Who sees to it that it gets written.",
    )  # fmt: skip
    due_at = models.DateTimeField("due", null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    measured = models.JSONField(default=dict, blank=True)
    measured_at = models.DateTimeField(null=True, blank=True)
    news = models.PositiveIntegerField(default=1)
    news_read = models.PositiveIntegerField(default=0)

    texts = models.JSONField(default=dict, blank=True)
    version = models.PositiveIntegerField(default=0, help_text="Grows with every change of the texts.")
    searchable = models.TextField(blank=True, help_text="Everything people wrote, for the search.")

    submitted_by = _person()
    submitted_at = models.DateTimeField(null=True, blank=True)
    approved_by = _person()
    approved_at = models.DateTimeField(null=True, blank=True)
    alone = models.BooleanField(default=False, help_text="Approved by somebody who wrote in it: nobody else could.")
    checklist = models.JSONField(default=list, blank=True, help_text="What the reviewer answered with yes.")
    review_note = models.TextField(blank=True)
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name = "post-mortem"
        permissions = [
            ("write_postmortem", "Can write in a post-mortem and hand it in"),
            ("approve_postmortem", "Can approve and publish a post-mortem"),
        ]
        indexes = [
            models.Index(fields=["id"], condition=~models.Q(news=F("news_read")), name="postmortem_to_measure"),
            models.Index(fields=["state", "due_at"], name="postmortem_by_due"),
        ]

    def __str__(self) -> str:
        return f"Post-mortem of incident {self.incident_id}"

    def get_absolute_url(self) -> str:
        return reverse("admin:incidents_postmortem_change", args=[self.pk])

    @property
    def overdue(self) -> bool:
        """Whether it should have been approved by now."""
        return self.state in MEASURING and self.due_at is not None and self.due_at < timezone.now()


class PostMortemVersion(models.Model):
    """What people had written at one moment; only ever added. One `set_aside` was not taken over, because somebody else
    had changed the same section meanwhile; with `measured` it is what was approved."""

    postmortem = models.ForeignKey(PostMortem, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    at = models.DateTimeField(default=timezone.now)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    author_name = models.CharField(max_length=150, blank=True)
    note = models.CharField(max_length=500, blank=True)
    texts = models.JSONField(default=dict)
    measured = models.JSONField(null=True, blank=True)
    set_aside = models.BooleanField(default=False)

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["postmortem", "number"], condition=models.Q(set_aside=False, measured__isnull=True),
                name="one_text_per_version",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"Version {self.number} of {self.postmortem_id}"
