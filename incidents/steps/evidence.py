"""The steps that collect evidence. None changes SMS; each may fail without keeping the others from being tried."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import ClassVar

from django.utils import timezone
from django.utils.text import capfirst

from incidents.models import FactKind, Incident
from incidents.models.evidence import name_at
from incidents.services import changes, databases_taken, evidence, evidence_runs, facts, full_log
from smsops.errors import OpsError
from smsops.models import Phase
from smsops.runs import scratch
from smsops.runs.context import Context
from smsops.runs.kinds import Done, Outcome, StepKind
from smsops.text import bytes_text, count_text

COPY = "database"
BACK = timedelta(hours=24)  # how far before the incident the log goes


class EvidenceStep(StepKind):
    """A step that only looks, and keeps what it saw; again it takes what is not there yet."""

    phase: ClassVar[str] = Phase.DETECT
    essential: ClassVar[bool] = False
    tries: ClassVar[int] = 1
    undo_note: ClassVar[str] = "Nothing: what was taken is kept."

    def incident(self, ctx: Context) -> Incident:
        found = Incident.objects.select_related("environment").filter(pk=int(ctx.params.get("incident", 0))).first()
        if found is None:
            raise OpsError("The incident is not there any more.")
        return found

    def kept(self, ctx: Context, name: str, text: str) -> Outcome:
        incident = self.incident(ctx)
        ctx.guard()
        taken = evidence.keep(incident, name, text, ctx.run)
        evidence.note_taken(incident, taken)
        return Done(output="\n".join(text.splitlines()[:40]))


class TakeFirst(EvidenceStep):
    """What there is to be seen at once: the log's end, the engine's account, health, events."""

    key = "evidence.first"
    title = "Take what a restart would destroy"

    def do(self, ctx: Context) -> Outcome:
        incident = self.incident(ctx)
        ctx.guard()
        taken = evidence.collect(incident)
        lacking = evidence.missing(incident)
        said = ", ".join(piece.name for piece in taken) or "nothing that was not there already"
        return Done({"missing": lacking}, f"Taken: {said}." + (f" Missing: {', '.join(lacking)}." if lacking else ""))


class TakeLogs(EvidenceStep):
    """SMS's log from a day before the incident on, or before it was reopened, out of the archive, which has every line
    once and redacted."""

    key = "evidence.logs"
    title = "Take the whole log"
    timeout = 300

    def do(self, ctx: Context) -> Outcome:
        incident = self.incident(ctx)
        private = evidence.folder_of(incident) / f".run-{ctx.run.pk}.log"
        lines = full_log.write(ctx.environment, (incident.reopened_at or incident.detected_at) - BACK, private)
        ctx.guard()
        taken = evidence.keep_file(incident, "full-log.txt.zst", private, ctx.run)
        evidence.note_taken(incident, taken)
        return Done({"lines": lines}, f"{count_text(lines, 'line')}.")


class TakeConfig(EvidenceStep):
    """How the configuration differs from the last good one; of variables only the names."""

    key = "evidence.config"
    title = "Compare the configuration with the last good one"

    def do(self, ctx: Context) -> Outcome:
        return self.kept(ctx, "config-diff.txt", "\n".join(changes.of_config(self.incident(ctx))) + "\n")


class TakeCommits(EvidenceStep):
    """The commits of the running release."""

    key = "evidence.commits"
    title = "Look up the commits of the running release"

    def do(self, ctx: Context) -> Outcome:
        return self.kept(ctx, "git-log.txt", "\n".join(changes.of_release(ctx.environment)) + "\n")


class CopyDatabase(EvidenceStep):
    """Copies the live database, without holding its writers up, and lets the engine check the copy."""

    key = "evidence.copy"
    title = "Copy the database and check it"
    timeout = 1800

    def do(self, ctx: Context) -> Outcome:
        incident, target = self.incident(ctx), ctx.work_dir / COPY
        databases_taken.copy(ctx.environment, target)
        found = databases_taken.problem(ctx.environment, target)
        if found:
            facts.establish(incident, FactKind.INTEGRITY_FAILED, found)
        said = f"{timezone.now():%Y-%m-%d %H:%M:%S} UTC, {bytes_text(target.stat().st_size)}: {found or 'ok'}\n"
        return self.kept(ctx, "integrity.txt", said)


class SealDatabase(EvidenceStep):
    """Keeps the copy as evidence, sealed with the vault's keys: it has everybody's data in it."""

    key = "evidence.database"
    title = "Seal the copy of the database"
    timeout = 1800

    def do(self, ctx: Context) -> Outcome:
        target = ctx.work_dir / COPY
        if not target.exists():
            return Done(output="There is no copy.", skipped=True)
        incident = self.incident(ctx)
        ctx.guard()
        evidence.note_taken(incident, databases_taken.seal(incident, target, ctx.run))
        return Done(output=f"{bytes_text(target.stat().st_size)} sealed; whoever opens it is written down.")


class WriteManifest(EvidenceStep):
    """Lists every piece with its digest, and removes the work folder."""

    key = "evidence.manifest"
    title = "List what was taken"

    def do(self, ctx: Context) -> Outcome:
        incident = self.incident(ctx)
        scratch.clear(ctx)
        pieces = incident.evidence.exclude(name__contains="manifest")
        rows = list(pieces.values("name", "sha256", "size", "taken_at"))
        text = json.dumps({"incident": incident.pk, "evidence": rows}, indent=1, default=str)
        name = name_at("manifest.json", incident.reopened)
        earlier = incident.evidence.filter(name=name).exclude(run=ctx.run).exists()
        evidence.keep(incident, f"manifest-{ctx.run.pk}.json" if earlier else "manifest.json", text, ctx.run)
        said = "\n".join(f"{row['sha256']}  {row['name']}  {bytes_text(row['size'])}" for row in rows)
        return Done({"headline": f"{count_text(len(rows), 'piece')} of evidence of incident {incident.pk}."}, said)


class FreezeFirst(EvidenceStep):
    """Before a run that disturbs SMS: the evidence of every live incident of its availability or data. Bounded, and no
    reason for the run not to go on."""

    key = "evidence.before"
    title = "Take the evidence this would destroy"

    def do(self, ctx: Context) -> Outcome:
        said = []
        for incident in evidence_runs.uncollected(ctx.environment):
            name = capfirst(evidence_runs.named(incident))
            left = BOUND - ctx.step.open_seconds
            if left < 1:
                said.append(f"{name}: there was no time left.")
                continue
            ctx.guard()
            taken = [piece.name for piece in evidence.collect(incident, left)]
            lacking = ", ".join(evidence.missing(incident))
            said.append(f"{name}: {', '.join(taken) or 'nothing'} taken.")
            if lacking:
                evidence.note_once(incident, f"“{ctx.run.title}” goes on without {lacking}: it could not be taken.")
                said[-1] += f" Missing: {lacking}."
        return Done(output="\n".join(said) or "It is all there.")


BOUND = 20.0  # seconds; SMS's users wait for what comes after

STEPS = (TakeFirst, TakeLogs, TakeConfig, TakeCommits, CopyDatabase, SealDatabase, WriteManifest, FreezeFirst)
