"""The frontend's packages: npm audit on the lock file alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deployments.audits.base import CouldNotCheck, Found, Report, document, run
from smsops.text import count_text

TOOL = "npm"
HINT = "install Node.js and npm where the worker runs."
WORDS = ("audit", "--package-lock-only", "--json", "--no-update-notifier", "--logs-max=0", "--fetch-retries=0")
SEVERITIES = ("critical", "high", "moderate", "low")


def check(manifest: str, lock: str, path: str, scratch: Path, seconds: float) -> Report:
    """Ask for what a lock file names. `manifest` and `lock` are texts, `path` says which lock file it is."""
    scratch.mkdir(parents=True, exist_ok=True)
    (scratch / "package.json").write_text(manifest, encoding="utf-8")
    (scratch / "package-lock.json").write_text(lock, encoding="utf-8")
    words = [*WORDS, "--cache", str(scratch / "cache")]
    return report(document("npm audit", run(TOOL, words, scratch, seconds, HINT)), path)


def report(said: Mapping[str, Any], path: str) -> Report:
    """What npm audit said. An error is a document as well, and means that nothing was checked."""
    if "vulnerabilities" not in said:
        error = said.get("error")
        summary = str(error.get("summary", "")) if isinstance(error, Mapping) else ""
        why = " ".join((summary or str(said.get("message", ""))).split()) or "no reason given"
        raise CouldNotCheck(f"npm audit gave no answer: {why[:300]}")
    found: dict[str, Found] = {}
    for package in said["vulnerabilities"].values():
        for cause in package.get("via", []):
            if isinstance(cause, Mapping):  # a name stands for a package with an entry of its own
                each = _found(package, cause, path)
                found[each.same] = each
    total = said.get("metadata", {}).get("dependencies", {}).get("total")
    return Report(count_text(int(total), "package") if total is not None else path, tuple(found.values()))


def _found(package: Mapping[str, Any], cause: Mapping[str, Any], path: str) -> Found:
    fix = package.get("fixAvailable")
    severity = str(cause.get("severity", ""))
    link = str(cause.get("url", ""))
    advisory = link.rpartition("/")[2] or str(cause.get("source", ""))
    return Found(
        str(cause.get("title", "A known weakness."))[:300],
        f"{package['name']} {advisory}",
        severity=severity if severity in SEVERITIES else "unknown",
        package=str(package["name"])[:200],
        installed=str(cause.get("range", ""))[:100],
        advisory=advisory[:200],
        fix=f"{fix.get('name')} {fix.get('version')}" if isinstance(fix, Mapping) else "yes" if fix else "",
        file=path,
    )
