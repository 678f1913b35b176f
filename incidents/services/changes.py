"""What was changed before an incident: the configuration, the commits of the release, our own last run (§5.2, I14)."""

from __future__ import annotations

import re

from deployments import selectors
from deployments.models import ConfigSnapshot, Release
from deployments.services import config
from deployments.sources.git import Repository
from incidents.models import Incident
from smsops.errors import OpsError
from smsops.models import Environment
from smsops.runtimes.registry import runtime_for

COMMITS = 10  # runbook §5.2: git log --oneline -10
BETWEEN = 200  # commits between two releases that are told
DIGEST = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{28,}\b")


def last_good(incident: Incident) -> ConfigSnapshot | None:
    """The configuration that was written down last before the incident."""
    known = ConfigSnapshot.objects.filter(environment=incident.environment, taken_at__lte=incident.detected_at)
    return known.first()


def of_config(incident: Incident) -> list[str]:
    """What differs now from the last configuration before the incident, a line each; of variables only the names.
    OpsError when nothing was written down yet, or it cannot be looked at."""
    before = last_good(incident)
    if before is None:
        raise OpsError("no configuration was written down before the incident.")
    now = config.look(incident.environment, runtime_for(incident.environment))
    found = config.diff(before, now)
    lines = [f"{each.part} {each.name}: {each.change}{_values(each)}" for each in found]
    late = config.unapplied(now)
    if late:
        lines.append(f"in the env file, but SMS does not run with it: {', '.join(late)}")
    return [f"Since config snapshot {before.pk} of {before.taken_at:%Y-%m-%d %H:%M} UTC:", *(lines or ["nothing."])]


def in_short(line: str) -> str:
    """For a telephone: of a digest the first twelve digits. The evidence has all of them."""
    return DIGEST.sub(r"\1…", line)


def _values(change: config.Change) -> str:
    return (
        f" (was {change.before or 'nothing'}, is {change.after or 'nothing'})" if change.before or change.after else ""
    )


def of_release(environment: Environment) -> list[str]:
    """The commits of the running release: those since the one that ran before it, else the last ones. OpsError where
    that is not known."""
    running = runtime_for(environment).inspect(environment.instance)
    release = selectors.running_release(environment, running)
    if release is None or not release.commit:
        raise OpsError("the commit of the running release is not known.")
    before = selectors.previous_release(environment, running)
    repository = Repository(environment.source_path)
    if before is None or not before.commit:
        return [f"The last commits of {release.version}:", *repository.history(release.commit, COMMITS)]
    return [_between(before, release), *repository.history(f"{before.commit}..{release.commit}", BETWEEN)]


def _between(before: Release, release: Release) -> str:
    return f"From {before.version} to {release.version}:"


def of_ours(incident: Incident) -> str:
    """Our own last change of SMS, in a sentence."""
    run = incident.change
    if run is None:
        return "smsops changed nothing here within a week."
    minutes = (incident.detected_at - run.started_at).total_seconds() / 60 if run.started_at else 0
    who = f", by {run.actor_name}" if run.actor_name else ""
    began = f"began {minutes:.0f} min before" if minutes >= 1 else "had just begun"
    return f"“{run.title}” (run {run.pk}{who}) {began}: {run.get_state_display().lower()}."
