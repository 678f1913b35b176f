"""What makes backups worth something, in pictures: the first one, tests, drills, copies elsewhere, every commit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from django.urls import reverse

from backups.models import OffsiteVault
from backups.models.offsite import SiteKind
from backups.services import drills, first_run, offsite
from demo import acts
from demo.telling import Line, wait_for
from docs.pictures.camera import Camera
from smsops.models import Run

PART = 900  # pixels of pages that go on


class Proofs:
    """Acts about backups, each with its picture. `folder` is where the copies elsewhere go."""

    def __init__(self, camera: Camera, folder: Path) -> None:
        self.camera, self.folder = camera, folder

    def first(self) -> tuple[tuple[str, Callable[[], Line]], ...]:
        """With an SMS that runs and no backup yet."""
        return (("Take the first steps with it", self.first_steps),)

    def later(self) -> tuple[tuple[str, Callable[[], Line]], ...]:
        """With backups."""
        return (
            ("Start SMS on a copy of the newest backup", self.restore_test),
            ("Rehearse a disaster", self.drill),
            ("Copy the backups elsewhere", self.copy),
            ("Follow the log", self.follow),
        )

    def first_steps(self) -> Line:
        place = acts.environment()
        acts.finished(first_run.ask(place, acts.BY))
        acts.finished(first_run.take(place, acts.BY))
        wait_for(lambda: first_run.way(place).settled, "the proof of the first backup")
        self.camera.take("first-run", reverse("admin:backups_first_run_of", args=[place.name]))
        return Line(first_run.way(place).proven, "Connected, and a backup that is proven.")

    def restore_test(self) -> Line:
        line = acts.test_restore()
        self.camera.take("restore-test", self._newest("restore_test"), height=PART)
        return line

    def drill(self) -> Line:
        run = acts.finished(drills.start(acts.environment(), "deletion", acts.BY))
        self.camera.take("drill", run.get_absolute_url(), height=PART)
        return Line(run.state == "succeeded", run.headline)

    def copy(self) -> Line:
        place, folder = acts.environment(), self.folder / "elsewhere"
        folder.mkdir()
        vault = OffsiteVault.objects.create(environment=place, name="nas", kind=SiteKind.FOLDER, bucket=str(folder))
        run = acts.finished(offsite.request(vault, acts.BY))
        self.camera.take("off-site", vault.get_absolute_url(), height=PART)
        self.camera.take("vault", reverse("admin:backups_vault", args=[place.pk]))
        self.camera.take("adopt", f"{place.get_absolute_url().removesuffix('change/')}do/adopt/")
        return Line(run.state == "succeeded", run.headline)

    def follow(self) -> Line:
        line = acts.follow()
        self.camera.take("moments", reverse("admin:backups_moments", args=[acts.environment().pk]))
        return line

    @staticmethod
    def _newest(kind: str) -> str:
        return Run.objects.filter(kind=kind).latest("pk").get_absolute_url()
