"""Python's packages: pip-audit on the versions a release pins. Nothing is resolved, downloaded or installed for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deployments.audits.base import CouldNotCheck, Found, Report, document, run
from smsops.text import count_text

TOOL = "pip-audit"
HINT = "pip install -r requirements-audit.txt where the worker runs."
WORDS = ("--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off", "--timeout", "15")
_PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*===?\s*([^\s;,#*]+)\s*(?:;.*|--hash.*|\\)?$")
_NAME = re.compile(r"^([A-Za-z0-9][\w.-]*)")
Pins = dict[tuple[str, str], str]  # package and version: the file that has it


def check(files: Mapping[str, str], scratch: Path, seconds: float) -> Report:
    """Ask for the pinned versions in these requirements files (texts by path)."""
    pins, loose = pinned(files)
    if not pins:
        raise CouldNotCheck(f"no version is pinned in {', '.join(sorted(files))}.")
    listed = scratch / "pinned.txt"
    listed.write_text("".join(f"{name}=={version}\n" for name, version in pins), encoding="utf-8")
    words = ["-r", listed.name, *WORDS, "--cache-dir", str(scratch / "pip-audit")]
    return report(document(TOOL, run(TOOL, words, scratch, seconds, HINT)), pins, loose)


def pinned(files: Mapping[str, str]) -> tuple[Pins, list[str]]:
    """The packages with an exact version, and the names of those without one."""
    pins: Pins = {}
    loose: list[str] = []
    for path, text in sorted(files.items()):
        for line in text.splitlines():
            plain = re.sub(r"(^|\s)#.*$", "", line).strip()
            if pin := _PIN.match(plain):
                pins.setdefault((pin[1].lower().replace("_", "-"), pin[2]), path)
            elif name := _NAME.match(plain):
                loose.append(f"{name[1]} (not pinned)")
    return pins, loose


def report(said: Mapping[str, Any], pins: Pins, loose: list[str]) -> Report:
    """What pip-audit said. That it knows nothing of a package is not that there is nothing."""
    found: list[Found] = []
    asked, unknown = 0, []
    for package in said.get("dependencies", []):
        if "skip_reason" in package:
            unknown.append(f"{package['name']} (unknown to the database)")
            continue
        asked += 1
        found += [_found(package, each, pins) for each in package.get("vulns", [])]
    if not asked:
        raise CouldNotCheck(f"the database of weaknesses knows none of {count_text(len(unknown), 'package')}.")
    return Report(count_text(asked, "package"), tuple(found), (*unknown, *loose))


def _found(package: Mapping[str, Any], weakness: Mapping[str, Any], pins: Pins) -> Found:
    name, version = str(package["name"]), str(package["version"])
    names = [str(weakness["id"]), *map(str, weakness.get("aliases", []))]
    title = " ".join(str(weakness.get("description", "")).split()) or "A known weakness."
    return Found(
        title[:300],
        f"{name} {names[0]}",
        package=name,
        installed=version,
        advisory=", ".join(names)[:200],
        fix=", ".join(map(str, weakness.get("fix_versions", [])))[:200],
        file=pins.get((name.lower().replace("_", "-"), version), ""),
    )
