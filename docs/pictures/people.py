"""Who may do what, in pictures: a second person, signing in, the audit trail, keys for programs, the runbook."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.models import User
from django.urls import reverse

from demo import acts
from demo.telling import Line
from deployments.services import restarts
from docs.pictures.camera import Camera
from smsops.api import tokens
from smsops.models import Environment, RunState, Scope, SecondPerson, Trigger
from smsops.runs import approvals
from smsops.runs.plan import By

PART = 900  # pixels of pages that go on
FOR_CI = (Scope.READ, Scope.RELEASES, Scope.DEPLOY)


class People:
    """Acts about people; `somebody` asks, and the camera is signed in as the other one."""

    def __init__(self, camera: Camera, somebody: str) -> None:
        self.camera, self.somebody = camera, somebody

    def acts(self) -> tuple[tuple[str, Callable[[], Line]], ...]:
        """With an environment, and somebody who asks."""
        return (
            ("Ask a second person, who refuses", self.second_person),
            ("Pictures of signing in, of the trail and of the keys to the API", self.doors),
        )

    def second_person(self) -> Line:
        place = Environment.objects.filter(name=acts.environment().name)
        place.update(second_person=SecondPerson.DISTURBING)
        asked = By(Trigger.MANUAL, User.objects.get(username=self.somebody), reason="SMS answers slowly since noon")
        run = restarts.restart(acts.environment(), asked)
        self.camera.take("approval", run.get_absolute_url(), height=PART)
        other = By(Trigger.MANUAL, User.objects.get(username="admin"), reason="Not while grades are being entered")
        approvals.refuse(run, other)
        place.update(second_person=SecondPerson.NEVER)
        run.refresh_from_db()
        return Line(run.state == RunState.CANCELLED, f"{run.title}: {run.cause}")

    def doors(self) -> Line:
        tokens.create(User.objects.get(username="admin"), "CI of the school", FOR_CI, [acts.environment()])
        self.camera.take("second-factor", reverse("admin:login_device"), part="#content")
        self.camera.take("sign-ins", reverse("admin:sign_ins"), part="#content")
        self.camera.take("audit", reverse("admin:smsops_auditentry_changelist"), height=PART)
        self.camera.take("api", reverse("admin:smsops_api"), height=PART)
        self.camera.take("api-tokens", reverse("admin:smsops_my_tokens"), height=PART)
        self.camera.take("runbook", reverse("admin:incidents_runbook_of", args=[acts.environment().name]), height=1200)
        return Line(True, "Pictures of what is around SMS.")
