"""The steps of an audit. Each says what it found, or that it could not check and why; neither is a failure of SMS."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

from django.conf import settings

from deployments.audits import disclosures, frontend, packages
from deployments.audits.base import CouldNotCheck, Report
from deployments.models import Finding, Release
from deployments.services import audits
from deployments.sources.git import Repository, Tag
from smsops.errors import OpsError
from smsops.models import Phase
from smsops.runs.context import Context
from smsops.runs.kinds import Done, Outcome
from smsops.runs.scratch import ScratchStep, clear
from smsops.runtimes.release_folders import MARK
from smsops.text import count_text

FOUND, NONE, SKIPPED = "found", "none", "skipped"
LONGEST = 8 * 1024 * 1024  # bytes of a requirements or lock file
PASSED_OVER = {"node_modules", ".venv", "venv"}


def tree_of(ctx: Context) -> Path:
    """The release's files, unpacked in the run's own folder. CouldNotCheck where there is no source of them."""
    release = Release.objects.filter(pk=ctx.params["release"]).first()
    if release is None or not release.commit or not ctx.environment.source_path:
        raise CouldNotCheck(f"there is no source of release {ctx.params['version']}, only its image.")
    folder = ctx.work_dir / "tree"
    if not (folder / MARK).is_file():
        Repository(ctx.environment.source_path).unpack(Tag(release.git_ref, release.commit, release.commit), folder)
    return folder


def files_of(tree: Path, pattern: str) -> dict[str, str]:
    """The texts of the files of that name, by path; links and what belongs to others are passed over."""
    found = {}
    for path in sorted(tree.rglob(pattern)):
        inside = path.relative_to(tree)
        ours = path.is_file() and not path.is_symlink() and not PASSED_OVER & set(inside.parts)
        if ours and path.stat().st_size <= LONGEST:
            found[str(inside)] = path.read_text(encoding="utf-8-sig", errors="replace")
    return found


class AuditStep(ScratchStep):
    """Lets one tool look, and writes down what it says."""

    phase: ClassVar[str] = Phase.VALIDATE
    timeout: ClassVar[float] = 3600
    tool: ClassVar[str]

    def look(self, ctx: Context, tree: Path) -> list[Report]:
        """What the tool says of these files; nothing where there is nothing for it to look at."""
        raise NotImplementedError

    def do(self, ctx: Context) -> Outcome:
        try:
            reports = self.look(ctx, tree_of(ctx))
        except (CouldNotCheck, OpsError, OSError) as error:
            return Done({"verdict": SKIPPED, "why": str(error)}, f"Could not check: {error}", skipped=True)
        if not reports:
            return Done({"verdict": NONE}, "There is nothing of that sort in this release.", skipped=True)
        ctx.guard()
        rows = audits.record(ctx.run, self.tool, [each for report in reports for each in report.found])
        unchecked = [name for report in reports for name in report.unchecked]
        result = {
            "verdict": FOUND if rows else NONE,
            "found": len(rows),
            "open": _open(rows),
            "partly": unchecked[:200],
        }
        lines = [f"{', '.join(report.checked for report in reports)} checked: {counted(rows)}."]
        if unchecked:
            lines.append(f"Could not check: {', '.join(unchecked[:50])}{' …' if len(unchecked) > 50 else ''}.")
        return Done(result | {"by_severity": dict(Counter(row.severity for row in rows))}, "\n".join(lines))


class AuditPackages(AuditStep):
    """Asks for known weaknesses of the pinned Python packages."""

    key = "audit.pip"
    title = "Look the Python packages up"
    tool = packages.TOOL

    def look(self, ctx: Context, tree: Path) -> list[Report]:
        files = files_of(tree, "requirements*.txt")
        return [packages.check(files, ctx.work_dir, settings.SMSOPS_AUDIT_SECONDS)] if files else []


class AuditFrontend(AuditStep):
    """Asks for known weaknesses of what the frontend's lock files name."""

    key = "audit.npm"
    title = "Look the frontend's packages up"
    tool = "npm audit"

    def look(self, ctx: Context, tree: Path) -> list[Report]:
        manifests = files_of(tree, "package.json")
        locks = files_of(tree, "package-lock.json")
        return [
            frontend.check(manifests.get(str(Path(path).with_name("package.json")), "{}"), lock, path,
                           ctx.work_dir / f"npm-{number}", settings.SMSOPS_AUDIT_SECONDS)
            for number, (path, lock) in enumerate(locks.items())
        ]  # fmt: skip


class AuditSecrets(AuditStep):
    """Searches every file for what looks like a secret."""

    key = "audit.secrets"
    title = "Search the files for secrets"
    tool = disclosures.TOOL

    def look(self, ctx: Context, tree: Path) -> list[Report]:
        return [disclosures.check(tree, MARK, settings.SMSOPS_AUDIT_SECONDS)]


class ConcludeAudit(ScratchStep):
    """Says what was found and what could not be checked, and throws the files away."""

    key = "audit.conclude"
    title = "Write the audit down"
    phase: ClassVar[str] = Phase.VALIDATE

    def do(self, ctx: Context) -> Outcome:
        rows = list(Finding.objects.filter(run=ctx.run))
        said = [(str(step.title), dict(step.result)) for step in ctx.run.steps.filter(kind__startswith="audit.")]
        unchecked = [title for title, result in said if result.get("verdict") == SKIPPED or result.get("partly")]
        whole = [title for title, result in said if result.get("verdict") == SKIPPED]
        parts = [f"{ctx.params['version']}: {counted(rows)}"]
        parts += [f"could not check: {'; '.join(_lower(title) for title in whole)}"] if whole else []
        parts += ["some packages could not be checked"] if len(unchecked) > len(whole) else []
        shutil.rmtree(ctx.work_dir / "tree", ignore_errors=True)
        clear(ctx)
        headline = f"{'; '.join(parts)}."
        result: dict[str, Any] = {"headline": headline, "unchecked": unchecked, "open": _open(rows)}
        return Done(result, headline)


def counted(rows: Iterable[Finding]) -> str:
    """`3 findings (1 high, 2 unknown), 1 of them accepted`; `no findings` for none."""
    found = list(rows)
    if not found:
        return "no findings"
    by = Counter(row.get_severity_display().lower() for row in found)
    accepted = len(found) - _open(found)
    more = f", {accepted} of them accepted" if accepted else ""
    return f"{count_text(len(found), 'finding')} ({', '.join(f'{number} {word}' for word, number in by.items())}){more}"


def _open(rows: Iterable[Finding]) -> int:
    return sum(row.accepted_at is None for row in rows)


def _lower(title: str) -> str:
    return title[0].lower() + title[1:]
