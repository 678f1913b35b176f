"""Copying backups to a vault elsewhere, as a step (B8)."""

from __future__ import annotations

from backups.models import Backup, OffsiteVault
from backups.services import offsite, offsite_tidying, rescues
from smsops.errors import OpsError
from smsops.runs.context import Context
from smsops.runs.kinds import Again, Done, Outcome, StepKind
from smsops.text import bytes_text, count_text

SLICE = 60.0  # seconds of copying in one go
SHOWN = 5  # faults that are told one by one


class CopyOffsite(StepKind):
    """Copies what is not there yet, and reads some of what is there back."""

    key = "offsite.copy"
    title = "Copy what is not there yet"
    timeout = 24 * 3600.0  # the first copy of a large vault over a thin line
    undo_note = "Nothing: what was copied stays, and the next run goes on from there."

    def do(self, ctx: Context) -> Outcome:
        vault = OffsiteVault.objects.select_related("environment").get(pk=ctx.params["vault"])
        ctx.guard()
        report = offsite.copy(vault, SLICE)
        sent = ctx.memo.get("bytes", 0) + report.bytes
        ctx.remember(bytes=sent)
        if report.faults:
            problem = " ".join(map(str, report.faults[:SHOWN]))
            raise OpsError(f"{count_text(len(report.faults), 'file is', 'files are')} not right: {problem}", fix=FIX)
        if report.behind:
            return Again(0.1, f"{bytes_text(sent)} sent; {count_text(len(report.behind), 'backup')} to go.")
        offsite.note_success(vault)
        read = count_text(report.verified, "file")
        headline = f"Every backup is in {vault.name}: {bytes_text(sent)} sent, {read} read back."
        return Done({"headline": headline, "bytes": sent}, headline)

    def undo(self, ctx: Context) -> Outcome:
        vault = OffsiteVault.objects.get(pk=ctx.params["vault"])
        offsite.note_failure(vault, ctx.run.cause)
        return Done(output="What was copied stays.")


class TidyOffsite(StepKind):
    """Counts what is there, and removes what is past its time where that is wanted."""

    key = "offsite.tidy"
    title = "Count what is there, and remove what is past its time"
    timeout = 3600.0
    point_of_no_return = True
    essential = False
    undo_note = "None: what went was past its time by the policy."

    def do(self, ctx: Context) -> Outcome:
        vault = OffsiteVault.objects.select_related("environment").get(pk=ctx.params["vault"])
        ctx.guard()
        found, earlier = offsite_tidying.tidy(vault, ctx.guard, SLICE), ctx.memo.get("went", [0, 0, 0, 0])
        went = offsite_tidying.told(found, earlier, done=True) if vault.tidy else ""
        if found.more:
            ctx.remember(went=offsite_tidying.added(found, earlier))
            return Again(0.1, went)
        said = offsite_tidying.conclude(vault, went)
        return Done({"headline": said} if ctx.params.get("at_once") else {}, said)


class BringBack(StepKind):
    """Mends a backup of the local vault from a copy elsewhere."""

    key = "offsite.bring_back"
    title = "Fetch what is missing or damaged, and check it"
    timeout = 24 * 3600.0
    undo_note = "Nothing: what was fetched is right and stays."

    def do(self, ctx: Context) -> Outcome:
        backup = Backup.objects.get(pk=ctx.params["backup"])
        said = rescues.bring_back(ctx.environment, backup.identifier, ctx.guard)
        return Done({"headline": said}, said)


FIX = "What is damaged here can be brought back from a copy; what is damaged there has to be removed there first."
