"""Breaking changes a deploy would cross; each is acknowledged by its version's name before anything begins (D1)."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from deployments import selectors, tags, versions
from deployments.models import Release
from deployments.sources.outline import plain
from smsops.errors import WrongUse
from smsops.models import Environment
from smsops.runtimes.base import Instance

BREAKS = "Breaking changes of"  # how a note about them begins


def crossed(release: Release, running: Instance | None) -> Sequence[Release]:
    """The releases with breaking changes after the running one, up to and including this one, oldest first.

    Nothing is crossed where nothing is installed yet, and on the way back. Where nobody knows what runs, it may be
    anything: then all up to this one are.
    """
    if running is None:
        return ()
    floor = order_of(release.environment, running)
    return [each for each in breaking(release.environment) if floor < each.order <= release.order]


def ahead(environment: Environment, running: Instance | None) -> Sequence[Release]:
    """All that any deploy from here might cross."""
    if running is None:
        return ()
    floor = order_of(environment, running)
    return [each for each in breaking(environment) if each.order > floor]


def breaking(environment: Environment) -> Sequence[Release]:
    """Every release with breaking changes, oldest first; an older image of a version is not told twice."""
    found = Release.objects.filter(environment=environment).exclude(breaking="").order_by("order")
    return [each for each in found if not tags.own(each.version)]


def order_of(environment: Environment, running: Instance) -> str:
    """Where the running release stands among the others; empty when that is not known."""
    known = selectors.running_release(environment, running)
    return known.order if known is not None else versions.sort_key(running.version)


def notes(found: Sequence[Release], named: Collection[str]) -> list[str]:
    """Sentences for the plan: what each breaks, and whether it was acknowledged."""
    said = dict.fromkeys(acknowledged(found, named), "acknowledged")
    return [
        f"{BREAKS} {each.version}, {said.get(each.version, 'to be acknowledged')}: {plain(each.breaking)}"
        for each in found
    ]


def acknowledged(found: Sequence[Release], named: Collection[str]) -> list[str]:
    """Those of the breaking releases that were named, with or without a “v”."""
    numbers = {versions.parse(name) for name in named}
    return [each.version for each in found if versions.parse(each.version) in numbers]


def refuse(found: Sequence[Release], named: Collection[str]) -> None:
    """Raise WrongUse naming every breaking release that was not acknowledged."""
    done = acknowledged(found, named)
    missing = [each.version for each in found if each.version not in done]
    if missing:
        words = " ".join(f"--acknowledge {version}" for version in missing)
        raise WrongUse(
            f"Breaking changes of {', '.join(missing)} are to be acknowledged first.",
            fix=f"Read them on the releases' pages, then tick them there, or add {words}.",
        )
