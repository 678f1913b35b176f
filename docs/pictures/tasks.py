"""What people do by day, in pictures: back up, look into a backup, restore, set a schedule, report, write."""

from __future__ import annotations

from collections.abc import Callable

from django.urls import reverse

from backups.models import Backup
from backups.selectors import latest_good
from backups.services import recoveries
from demo import acts
from demo.school_client import School
from demo.telling import Line
from docs.pictures.camera import Camera
from incidents.models import EscalationPolicy, Incident, PostMortem
from incidents.services import diagnosing

LOST = {"students": ["hidden"]}  # SMS hides who was deleted
PART = 900  # pixels of pages that go on


class Tasks:
    """Acts by day and after the night, each with what the story has left there."""

    def __init__(self, camera: Camera, school: School) -> None:
        self.camera, self.school = camera, school

    def by_day(self) -> tuple[tuple[str, Callable[[], Line]], ...]:
        """With a backup and a school in which people work."""
        return (
            ("Back up, in the browser", self.back_up),
            ("Delete twelve students by mistake, and look for them", self.compare),
            ("Pictures of what is set on an environment", self.settings),
        )

    def afterwards(self) -> tuple[tuple[str, Callable[[], Line]], ...]:
        """With an incident that is over."""
        return (("Pictures of reporting, paging and writing", self.people),)

    def back_up(self) -> Line:
        place = acts.environment()
        self.camera.take("back-up", f"{_door(place)}backup/")
        line = acts.back_up()
        backup = self._newest()
        self.camera.take("backup", backup.get_absolute_url(), height=PART)
        self.camera.take("restore", f"{_door(backup)}restore/")
        return line

    def compare(self) -> Line:
        backup = self._newest()
        self.school.sign_in()
        self.school.delete(12)
        run = acts.finished(recoveries.compare(backup, acts.BY))
        self.camera.take("comparison", run.get_absolute_url(), height=PART)
        look = acts.finished(recoveries.put_back(backup, LOST, acts.BY, with_children=False, dry_run=True))
        self.camera.take("put-back", look.get_absolute_url(), height=PART)
        done = acts.finished(recoveries.put_back(backup, LOST, acts.BY, with_children=False))
        return Line(all(each.state == "succeeded" for each in (run, look, done)), done.headline)

    def settings(self) -> Line:
        place = acts.environment()
        self.camera.take("schedule", place.get_absolute_url(), part="#schedule-group")
        return Line(True, "The schedule.")

    def people(self) -> Line:
        incident = Incident.objects.latest("pk")
        policy = EscalationPolicy.objects.filter(issue=incident.issue).first()
        draft = PostMortem.objects.get(incident=incident)
        self.camera.take("report", f"{_door(acts.environment())}report/")
        self.camera.take("incident", incident.get_absolute_url(), height=PART)
        done = acts.finished(diagnosing.start(incident, acts.BY))
        self.camera.take("playbook", incident.get_absolute_url(), part="section[aria-labelledby=playbook]")
        self.camera.take("evidence", incident.get_absolute_url(), part="section[aria-labelledby=evidence]")
        self.camera.take("post-mortem-write", f"{_door(draft)}write/", height=PART)
        self.camera.take("objectives", "/objectives/", part="#content")
        if policy is not None:
            where = reverse("admin:incidents_escalationpolicy_change", args=[policy.pk])
            self.camera.take("policy", where, height=PART)
        return Line(policy is not None and done.state == "succeeded", done.headline)

    @staticmethod
    def _newest() -> Backup:
        found = latest_good(acts.environment())
        assert found is not None
        return found


def _door(target: object) -> str:
    """Where the buttons of a row's page lead."""
    return f"{target.get_absolute_url().removesuffix('change/')}do/"  # type: ignore[attr-defined]
