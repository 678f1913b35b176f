"""What watches, in pictures: alerts from elsewhere, quiet, checks, logs, and smsops looking after itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from demo import acts
from demo.stage import Stage
from demo.telling import Line, wait_for
from deployments.models import ConfigSnapshot
from deployments.services import preflight
from docs.pictures.camera import Camera
from incidents import selectors
from incidents.models import AlertSource, Silence, SourceKind
from incidents.services import life, sources
from smsops.errors import OpsError

PART = 900  # pixels of pages that go on
LABELS = {"alertname": "HighErrorRate", "severity": "medium"}
SAID = {"summary": "More than 2 % of the requests fail"}


class Watch:
    """Acts about watching. `stage` is what is stopped at the end."""

    def __init__(self, camera: Camera, stage: Stage) -> None:
        self.camera, self.stage = camera, stage

    def by_day(self) -> tuple[tuple[str, Callable[[], Line]], ...]:
        """With an SMS that runs."""
        return (
            ("Hear an alert of Alertmanager", self.alert),
            ("Pictures of checks, of settings and of the log", self.looks),
        )

    def afterwards(self) -> tuple[tuple[str, Callable[[], Line]], ...]:
        """When everything else is over: what is stopped stays so."""
        return (("Back smsops up; stop its clock", self.itself),)

    def alert(self) -> Line:
        place = acts.environment()
        source, token = sources.create(place, "alertmanager", SourceKind.ALERTMANAGER)
        self._send(token, "firing")
        live = selectors.live_incidents().filter(environment=place)
        incident = wait_for(live.filter(alerts__source=source).first, "the incident of the alert")
        wait_for(incident.triages.exists, "the first look")
        self.camera.take("alerts", incident.get_absolute_url(), height=PART)
        Silence.objects.create(
            environment=place, match={"alertname": LABELS["alertname"]}, reason="New disks: slow until four",
            ends_at=timezone.now() + timedelta(hours=2),
        )  # fmt: skip
        self.camera.take("silences", reverse("admin:incidents_silence_changelist"), part="#content")
        self._send(token, "resolved")
        wait_for(lambda: not live.exists(), "the end of the alert")
        self.camera.take("alert-source", source.get_absolute_url(), height=PART)
        return Line(AlertSource.objects.get(pk=source.pk).last_heard_at is not None, incident.title)

    def looks(self) -> Line:
        place = acts.environment()
        asked = preflight.ask_checklist(place)
        self.camera.take("checks", reverse("admin:deployments_checkresult_changelist"), height=PART)
        newest = ConfigSnapshot.objects.filter(environment=place).latest("pk")
        self.camera.take("config", reverse("admin:deployments_config_diff", args=[newest.pk]), part="#content")
        self.camera.take("post-tasks", reverse("admin:deployments_posttask_changelist"), part="#content")
        door = f"{place.get_absolute_url().removesuffix('change/')}do/"
        self.camera.take("restart", f"{door}restart/", height=PART)
        self.camera.take("rotate-key", f"{door}rotate-key/", height=PART)
        self.camera.typed("log", f"logs {place.name} --since 20m --grep DELETE|POST")
        return Line(len(asked) > 0, f"{len(asked)} checks.")

    def itself(self) -> Line:
        self.camera.typed("own-backups", "own-backup now", "own-backup list")
        self.stage.children["beat"].terminate()
        wait_for(lambda: "stopped" in life.complaint(), "smsops to notice")
        self.camera.take("self-watch", "/", height=320)
        return Line(True, life.complaint())

    def _send(self, token: str, status: str) -> None:
        """As Alertmanager does, to the door for alerts."""
        ended = timezone.now().isoformat() if status == "resolved" else "0001-01-01T00:00:00Z"
        alert: dict[str, Any] = {
            "status": status, "labels": LABELS, "annotations": SAID, "startsAt": timezone.now().isoformat(),
            "endsAt": ended, "fingerprint": "c0ffee0000000001",
        }  # fmt: skip
        body = {"version": "4", "status": status, "receiver": "smsops", "groupKey": "{}", "truncatedAlerts": 0}
        answer = self.camera.browser.page.request.post(
            f"{self.camera.root}alerts/alertmanager",
            data=body | {"alerts": [alert]}, headers={"Authorization": f"Bearer {token}"},
        )  # fmt: skip
        if not answer.ok:
            raise OpsError(f"The door for alerts answered {answer.status}: {answer.text()}")
