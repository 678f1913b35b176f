"""`ops audit ENV [VERSION]`: known weaknesses of a release's packages, and secrets in its files."""

from __future__ import annotations

from argparse import Namespace

from deployments.models import Finding
from deployments.services import audits
from smsops.ops.common import by, find_environment, follow
from smsops.ops.output import Output
from smsops.ops.registry import BAD, GOOD


def of_environment(args: Namespace, output: Output) -> int:
    """Audit a release there; waiting, 0 only when all was checked and none is open."""
    release = audits.release_of(find_environment(args.environment), args.version)
    run = audits.start(release, by(args))
    code = follow(run, args, output)
    if not args.wait or code != GOOD:
        return code
    found = list(Finding.objects.filter(run=run))
    if found:
        output.table(["SEVERITY", "WHERE", "ADVISORY", "FIXED IN", "WHAT", "ACCEPTED"], [_line(each) for each in found])
    concluded = run.facts.get("audit.conclude", {})
    return BAD if concluded.get("open") or concluded.get("unchecked") else GOOD


def _line(found: Finding) -> list[str]:
    accepted = f"by {found.accepted_by}" if found.accepted_at else ""
    return [found.get_severity_display(), found.place, found.advisory, found.fix, found.what[:60], accepted]
