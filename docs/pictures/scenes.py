"""What happens to the school, and where in it each picture is taken; imported once Django is set up."""

from __future__ import annotations

from dataclasses import dataclass

from demo import acts
from demo.school_client import School
from demo.telling import Line, Story, wait_for
from deployments import selectors
from deployments.models import Release
from deployments.services import deploys
from docs.pictures.browser import PHONE
from docs.pictures.camera import Camera
from smsops.models import Run, StepState


@dataclass
class Scenes:
    """Plays the story with `story`, and stops in it for pictures."""

    story: Story
    camera: Camera
    school: School

    def play(self) -> None:
        """Everything, in order."""
        act = self.story.act
        act("Deploy 1.18.0, the first release", lambda: acts.deploy("1.18.0", "succeeded"))
        act("Back up", acts.back_up)
        act("Rehearse 1.18.1", lambda: acts.rehearse("1.18.1"))
        act("Deploy 1.18.1 beside it", lambda: acts.deploy_visited("1.18.1", without_stop=True))
        act("Roll back at once", acts.roll_back_at_once)
        act("Deploy 1.18.1 again", lambda: acts.deploy_visited("1.18.1", without_stop=True))
        act("Deploy 1.19.0", lambda: acts.deploy_visited("1.19.0", without_stop=False))
        act("Go back to 1.18.1, with the schema", self.go_back)
        act("Deploy 1.20.3, which answers 500", lambda: acts.deploy_broken("1.20.3"))
        act("Back up", acts.back_up)
        act("Rehearse 1.20.7, which loses rows", lambda: acts.rehearse_broken("1.20.7"))
        act("Rehearse 1.19.0", lambda: acts.rehearse("1.19.0"))
        act("Before the deploy", self.before)
        act("Deploy 1.19.0", self.deploy)
        act("Work in 1.19.0", self.work)
        act("Afterwards", self.after)

    def go_back(self) -> Line:
        line = acts.go_back_to("1.18.1")
        run = Run.objects.filter(kind="rollback").latest("pk")
        self.camera.take("rollback-run", run.get_absolute_url(), part="#content")
        return line

    def before(self) -> Line:
        release, broken = self._release("1.19.0"), self._release("1.20.7")
        self.camera.take("release", release.get_absolute_url(), part="#content")
        self.camera.take("rehearsal-failed", broken.get_absolute_url(), part="section[aria-labelledby=rehearsal]")
        self.camera.take("deploy-plan", self._door(release, "deploy"))
        return Line(True, "Pictures of the release and of the plan.")

    def deploy(self) -> Line:
        run = deploys.deploy(self._release("1.19.0"), acts.BY, acts.read())
        steps = run.steps.filter(kind="switch.gate")
        wait_for(lambda: steps.exclude(state=StepState.PENDING).exists(), "the health gate")
        self.camera.take("deploy-run", run.get_absolute_url(), part="#content")
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
        place = acts.environment().get_absolute_url()
        back = f"{self._door(acts.environment(), 'rollback')}?version=1.18.1"
        self.camera.take("going-back", back)
        self.camera.take("going-back-phone", back, size=PHONE)
        self.camera.take("going-back-dark", back, dark=True)
        self.camera.take("dashboard", "/")
        self.camera.take("environment", place, height=800)
        self.camera.take("environment-phone", place, size=PHONE, height=844, opened=".more details")
        self.camera.take("rto", place, part="section[aria-labelledby=rto]")
        self.camera.take("operations-log", "/deployments/operation/", part="#content")
        return Line(True, "Pictures of the way back, the dashboard and the log.")

    def _release(self, version: str) -> Release:
        return selectors.find(acts.environment(), version)

    @staticmethod
    def _door(target: object, name: str) -> str:
        return f"{target.get_absolute_url().removesuffix('change/')}do/{name}/"  # type: ignore[attr-defined]
