"""Who needs an image: the release that runs, what was put aside, backups, runs, and the way back of the schema."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from backups.models import Backup
from backups.services import databases
from deployments import selectors, tags, versions
from deployments.models import Release
from smsops.models import ACTIVE, FINAL, Environment, Run
from smsops.runtimes.base import Image, Runtime
from smsops.runtimes.registry import runtime_for
from smsops.text import count_text


@dataclass
class Needs:
    """Asked once for each image; what is asked of the engine and the database is asked once for all."""

    environment: Environment
    keep: int
    but: int | None = None  # the run that asks

    def why(self, image: Image) -> str:
        """Why the image stays under this name, in a sentence; empty when nobody needs it."""
        return (
            self._name(image.version)
            or self._used.get(image.id, "")
            or self._by_a_run(image)
            or self._by_a_backup(image.id)
            or self._schema.get(image.id, "")
        )

    @cached_property
    def _places(self) -> list[Environment]:
        """This environment, and others that are started from the same images."""
        same = Environment.objects.filter(runtime=self.environment.runtime)
        if self.environment.runtime == "docker":
            return list(same.filter(image=self.environment.image))
        return list(same.filter(releases_path=self.environment.releases_path))

    @cached_property
    def _runtime(self) -> Runtime:
        return runtime_for(self.environment)

    def _name(self, version: str) -> str:
        run = tags.run_of(version)
        if run is not None:
            unfinished = Run.objects.filter(pk=run).exclude(state__in=FINAL).exists()
            return f"run {run} is still making it." if unfinished else ""
        base = tags.version_of(version)
        if versions.parse(base) is None:
            return "it is no release; smsops does not know what it is for."
        if versions.parse(base) in self._newest:
            return f"it is one of the newest {self.keep}."
        return ""

    @cached_property
    def _newest(self) -> list[tuple[int, ...]]:
        found = {versions.parse(image.version) for image in self._runtime.images()}
        return sorted((number for number in found if number is not None), reverse=True)[: self.keep]

    @cached_property
    def _used(self) -> dict[str, str]:
        """What instances were made from, by image: the running ones, and those put aside."""
        found: dict[str, str] = {}
        for place in self._places:
            for each in runtime_for(place).instances():
                runs = each.name == place.instance
                found.setdefault(
                    each.image_id, "it is the one that runs." if runs else f"{each.name} was made from it."
                )
            running = runtime_for(place).inspect(place.instance)
            if running is not None:
                found[running.image_id] = "it is the one that runs."
        return found

    def _by_a_run(self, image: Image) -> str:
        for run in Run.objects.filter(environment__in=self._places, state__in=ACTIVE):
            if run.pk == self.but:
                continue
            named = {run.params.get(name) for name in ("image_id", "old_image_id", "newer_image_id")}
            if image.id in named or run.params.get("version") == image.version:
                return f"“{run.title}” (run {run.pk}) needs it."
        return ""

    def _by_a_backup(self, image_id: str) -> str:
        found = Backup.objects.filter(environment__in=self._places, image_id=image_id, here=True)
        first, count = found.first(), found.count()
        if first is None:
            return ""
        more = f", and {count_text(count - 1, 'other')}," if count > 1 else ""
        return f"the backup {first.identifier}{more} would be restored with it."

    @cached_property
    def _schema(self) -> dict[str, str]:
        """The newest image that knows the database's schema, where the running release does not: it alone takes the
        schema back."""
        found: dict[str, str] = {}
        for place in self._places:
            database = databases.of(place, runtime_for(place))
            at = [name for name in database.revision().split(",") if name] if database.exists() else []
            running = selectors.running_release(place, runtime_for(place).inspect(place.instance))
            if not at or (running is not None and _knows(running, at)):
                continue
            known = Release.objects.filter(environment=place).exclude(image_id="")
            for release in [each for each in known if _knows(each, at)][:1]:
                why = f"it knows the database's schema ({', '.join(at)}), which the running release does not."
                found[release.image_id] = why
        return found


def _knows(release: Release, revisions: list[str]) -> bool:
    return bool(release.revisions) and all(name in release.revisions for name in revisions)
