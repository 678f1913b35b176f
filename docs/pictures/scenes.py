"""What happens to the school, and where in it each picture is taken; imported once Django is set up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from backups import selectors as backups
from backups.models import Backup
from demo import acts
from demo.school_client import School
from demo.stage import Stage
from demo.telling import Line, Story, wait_for
from deployments import selectors
from deployments.models import CheckResult, ConfigSnapshot, Release
from deployments.services import deploys
from docs.pictures.browser import DESK, PHONE
from docs.pictures.camera import Camera
from docs.pictures.night import Night
from docs.pictures.people import People
from docs.pictures.proofs import Proofs
from docs.pictures.tasks import Tasks
from docs.pictures.watch import Watch
from incidents.models import Incident
from smsops.models import Environment, Run, StepState

PATIENT = 30  # seconds for SMS to become ready: a browser and much else runs beside it
LONG = 1500  # pixels of a page on a telephone
PART = 1400  # pixels of the dashboard of one environment: how it is, the ways back, the backups
HIGH = 1000  # pixels, of a page that goes on for long
LISTS = (
    "/smsops/run/",
    "/deployments/release/",
    "/deployments/checkresult/",
    "/backups/backup/",
    "/incidents/incident/",
)
SHOWN: tuple[type[Model], ...] = (Backup, CheckResult, ConfigSnapshot, Incident, Run, Release)
DOORS = ("deploy", "check", "backup", "restore", "archive", "import")


@dataclass
class Scenes:
    """Plays the story with `story`, and stops in it for pictures."""

    story: Story
    camera: Camera
    school: School
    stage: Stage

    def play(self) -> None:
        """Everything, in order, until something does not end as it should."""
        Environment.objects.update(gate_seconds=PATIENT)
        for title, act in self.acts():
            self.story.act(title, act)
            if not self.story.all_right:
                return

    def acts(self) -> tuple[tuple[str, Callable[[], Line]], ...]:
        """What happens, and what is pictured in between."""
        tasks, watch = Tasks(self.camera, self.school), Watch(self.camera, self.stage)
        proofs = Proofs(self.camera, self.stage.folder)
        return (
            ("Deploy 1.18.0, the first release", lambda: acts.deploy("1.18.0", "succeeded")),
            *proofs.first(),
            ("Rehearse 1.18.1", lambda: acts.rehearse("1.18.1")),
            ("Deploy 1.18.1 beside it", lambda: acts.deploy("1.18.1", "succeeded")),
            ("Roll back at once", lambda: acts.go_back_to("1.18.0", "code")),
            ("Deploy 1.19.0", lambda: acts.deploy("1.19.0", "succeeded")),
            ("Go back to 1.18.1, with the schema", self.go_back),
            ("Deploy 1.20.3, which answers 500", lambda: acts.deploy_broken("1.20.3")),
            ("Back up", acts.back_up),
            ("Rehearse 1.20.7, which loses rows", lambda: acts.rehearse_broken("1.20.7")),
            ("Rehearse 1.19.0", lambda: acts.rehearse("1.19.0")),
            ("Before the deploy", self.before),
            ("Deploy 1.19.0", self.deploy),
            ("Work in 1.19.0", self.work),
            ("Afterwards", self.after),
            *tasks.by_day(),
            *proofs.later(),
            *watch.by_day(),
            *Night(self.camera, self.lights_out).acts(),
            *tasks.afterwards(),
            *People(self.camera, "ada").acts(),
            ("Look at the other pages", self.look),
            *watch.afterwards(),
        )

    def go_back(self) -> Line:
        line = acts.go_back_to("1.18.1", "schema")
        run = Run.objects.filter(kind="rollback").latest("pk")
        self.camera.take("rollback-run", run.get_absolute_url(), height=HIGH, dark=True)
        return line

    def before(self) -> Line:
        release, broken = self._release("1.19.0"), self._release("1.20.7")
        self.camera.take("release", release.get_absolute_url(), height=HIGH)
        self.camera.take("rehearsal-failed", broken.get_absolute_url(), part="section[aria-labelledby=rehearsal]")
        self.camera.take("deploy-plan", self._door(release, "deploy"))
        return Line(True, "Pictures of the release and of the plan.")

    def deploy(self) -> Line:
        run = deploys.deploy(self._release("1.19.0"), acts.BY, acts.read())
        steps = run.steps.filter(kind="switch.gate")
        wait_for(lambda: steps.exclude(state=StepState.PENDING).exists(), "the health gate")
        self.camera.take("deploy-run", run.get_absolute_url(), height=HIGH)
        acts.finished(run)
        return Line(run.state == "succeeded", run.headline)

    def work(self) -> Line:
        """Somebody uses what the release brought: going back has a price from now on."""
        self.school.sign_in()
        self.school.note_guardians(40)
        for title in ("The term begins on Monday", "No sports on Friday", "Parents' evening at six"):
            self.school.announce(title)
        return acts.back_up()

    def after(self) -> Line:
        place, back = acts.environment(), f"{self._door(acts.environment(), 'rollback')}?version=1.18.1"
        backups.keyring().export(self.stage.folder / "escrow.json")  # as an ops lead does before anything else
        self.camera.take("going-back", back)
        self.camera.take("going-back-phone", back, size=PHONE)
        self.camera.take("environment", place.get_absolute_url(), height=830, opened=".more details")
        self.camera.take("rto", place.get_absolute_url(), part="section[aria-labelledby=rto]")
        self.camera.take("operations-log", "/deployments/operation/", part="#content")
        return Line(True, "Pictures of the way back, the environment and the log.")

    def lights_out(self) -> None:
        """The dashboard, when all is well and somebody is on call."""
        whole, own = "#later[data-came]", f"/dashboard/of/{acts.environment().name}/"
        self.camera.take("dashboard", "/", until=whole)
        self.camera.take("dashboard-phone", "/", until=whole, size=PHONE, dark=True, height=LONG)
        self.camera.take("dashboard-of", own, until=whole, height=PART)
        self.camera.take("dashboard-of-phone", own, until=whole, size=PHONE, height=LONG)

    def look(self) -> Line:
        """Every other page, at a desk and on a phone, only to hear whether it complains."""
        rows: list[Any] = [row for model in SHOWN for row in model._default_manager.all()[:1]]
        pages = [row.get_absolute_url() for row in rows]
        pages += [self._door(acts.environment(), name) for name in DOORS]
        for size in (DESK, PHONE):
            wide = [page for page in [*LISTS, *pages] if self.camera.width(page, size) > size[0]]
            self.camera.said.extend(f"{page} is wider than {size[0]} pixels." for page in wide)
        return Line(not self.camera.said, f"{len(LISTS) + len(pages)} pages.")

    def _release(self, version: str) -> Release:
        return selectors.find(acts.environment(), version)

    @staticmethod
    def _door(target: object, name: str) -> str:
        return f"{target.get_absolute_url().removesuffix('change/')}do/{name}/"  # type: ignore[attr-defined]
