"""Images made here: built from a release's tag, or loaded from a tar (D1). SMS goes on working meanwhile."""

from __future__ import annotations

from pathlib import Path

from deployments import tags, versions
from deployments.models import Release
from deployments.sources.git import Repository
from smsops.errors import WrongUse
from smsops.models import ACTIVE, Environment, Run, RuntimeKind
from smsops.runs.plan import By, Plan, PlannedStep, submit
from smsops.runtimes import docker_archives as archives
from smsops.runtimes.registry import runtime_for

KINDS = ("build", "load")
LAST = ("release.migrations", "release.publish", "release.tidy")


def plan_build(release: Release, again: bool = False) -> Plan:
    """What building the release's image would do. WrongUse when there is nothing to build it from, when it has an image
    and is not to be built again, or when somebody is at it."""
    environment, version = release.environment, release.version
    if not release.git_ref or not environment.source_path or tags.own(version):
        raise WrongUse(f"Release {version} is known from its image alone; there is no tag to build it from.")
    Repository(environment.source_path)  # one that is gone is told now
    _refuse_taken(environment, version, again)
    notes = (
        f"The tag {release.git_ref} is unpacked into a folder of its own; the repository is only read.",
        "SMS goes on working. It can be cancelled at any moment; then no image is left of it.",
        *_kept(version, again),
    )
    steps = tuple(PlannedStep(kind) for kind in ("release.checkout", "release.build", *LAST))
    params = {"release": release.pk, "version": version, "git_ref": release.git_ref, "again": again}
    return Plan("build", f"Build {version} for {environment.name}", environment, steps, params, False, notes=notes)


def plan_load(environment: Environment, file: str, again: bool = False) -> Plan:
    """What loading the tar would do. WrongUse where images cannot be loaded, or when its tag is no version."""
    if environment.runtime != RuntimeKind.DOCKER:
        raise WrongUse(f"{environment.name} runs natively: its releases are unpacked from their tags, not loaded.")
    path = Path(file)
    if not path.is_absolute():
        raise WrongUse(f"Give the whole path of the file on the worker's machine, not “{file}”.")
    version = _version(path)
    _refuse_taken(environment, version, again)
    notes = (
        f"{path} holds the image of {version}. Of the tags it brings none is taken over.",
        "SMS goes on working.",
        *_kept(version, again),
    )
    steps = tuple(PlannedStep(kind) for kind in ("release.load", *LAST))
    params = {"version": version, "file": str(path), "again": again}
    return Plan("load", f"Load {version} into {environment.name}", environment, steps, params, False, notes=notes)


def build(release: Release, by: By, again: bool = False) -> Run:
    """Queue the build; one that makes another image of the same version wants a reason."""
    return _submit(plan_build(release, again), by)


def load(environment: Environment, file: str, by: By, again: bool = False) -> Run:
    """Queue the loading; one that makes another image of the same version wants a reason."""
    return _submit(plan_load(environment, file, again), by)


def _submit(plan: Plan, by: By) -> Run:
    if plan.params["again"] and not by.reason.strip():
        raise WrongUse("Making another image of the same version wants a reason.")
    return submit(plan, by)


def _version(path: Path) -> str:
    found = archives.read(path).tags
    named = [tag.rpartition(":")[2] for tag in found if versions.parse(tag.rpartition(":")[2]) is not None]
    if not named:
        raise WrongUse(f"{path} does not tell a version: its tags are {', '.join(found) or 'none'}.")
    return versions.normal(named[0])


def _refuse_taken(environment: Environment, version: str, again: bool) -> None:
    others = Run.objects.filter(environment=environment, kind__in=KINDS, state__in=ACTIVE, params__version=version)
    if other := others.first():
        raise WrongUse(f"“{other.title}” (run {other.pk}) is under way; wait for it or cancel it.")
    if runtime_for(environment).image(version) is None:
        return
    if environment.runtime == RuntimeKind.PROCESS:
        raise WrongUse(f"Release {version} is unpacked already; SMS may be running from its folder, which stays.")
    if not again:
        fix = "Make it again only on purpose: with --again and a reason."
        raise WrongUse(f"Release {version} has an image already, which is not overwritten.", fix=fix)


def _kept(version: str, again: bool) -> tuple[str, ...]:
    said = (
        f"Another image of {version} takes the version; the present one stays, as a release of its own to go back to."
    )
    return (said,) if again else ()
