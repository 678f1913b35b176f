"""Whether SMS's SECRET_KEY is another than it was, told by keyed hashes alone (runbook §5.3.4, sms-contract 21)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from deployments.models import ConfigSnapshot
from deployments.services.config import fingerprint
from deployments.sources import inspection
from smsops import envfile
from smsops.models import ACTIVE, Environment, Run, RunState
from smsops.runtimes.base import Runtime

NAME = "SECRET_KEY"
KIND = "key_rotation"
BACK = "key_back"  # the run that puts a key back
WRITE = "rotation.write"  # the step whose facts say which key a rotation brought


@dataclass(frozen=True)
class Keys:
    """The hashes of the key: in the env file, of the instance (empty when it does not run), and the one that was
    known. `known_from` says whence in words. `known_running` is that of SMS at that time, which stays where a deploy
    was undone."""

    file: str
    running: str
    known: str = ""
    known_from: str = ""
    known_running: str = ""

    @property
    def pending(self) -> bool:
        """The next start of SMS brings another key."""
        return bool(self.file and self.running) and self.file != self.running

    @property
    def ended(self) -> bool:
        """SMS runs with another key than the known one: the sessions of before are over."""
        return bool(self.known and self.running) and self.running not in (self.known, self.known_running)

    @property
    def unmeant(self) -> bool:
        """The env file has another key than the known one."""
        return bool(self.known and self.file) and self.file != self.known


def look(environment: Environment, runtime: Runtime) -> Keys:
    """How it is now. OpsError when the env file cannot be read or the engine is away."""
    value = envfile.read(environment.env_file).get(NAME, "")
    found = runtime.inspect(environment.instance)
    running = running_key(environment, runtime) if found is not None and found.up else ""
    return Keys(fingerprint(value) if value else "", running, *_known(environment))


def running_key(environment: Environment, runtime: Runtime) -> str:
    """The hash of the key the instance was made with; empty when there is none."""
    value = inspection.variables(runtime.describe(environment.instance)).get(NAME, "")
    return fingerprint(value) if value else ""


def _known(environment: Environment) -> tuple[str, ...]:
    """The key that is meant to be there: that of the last rotation, or of a config snapshot that is younger."""
    snapshots = ConfigSnapshot.objects.filter(environment=environment).defer("env_content", "compose_content")
    # What a run that puts a key back found is what nobody meant, until it has ended well.
    foreign = ~Q(run__state=RunState.SUCCEEDED) & Q(run__kind=BACK)
    last = snapshots.exclude(pk__in=snapshots.filter(foreign).values("pk")).first()
    run = Run.objects.filter(environment=environment, kind=KIND, state__in=(RunState.SUCCEEDED, *ACTIVE)).first()
    brought = run.facts.get(WRITE, {}).get("after", "") if run is not None else ""
    if run is not None and brought and (last is None or run.finished_at is None or last.seen_at <= run.finished_at):
        return brought, f"run {run.pk}, which rotated it"
    if last is None:
        return ()
    release = f", release {last.release_version}" if last.release_version else ""
    from_where = f"config snapshot {last.pk} ({last.taken_at:%Y-%m-%d %H:%M}{release})"
    return last.variables.get(NAME, ""), from_where, last.running.get(NAME, "")
