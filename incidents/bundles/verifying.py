"""Verifies a bundle by itself: no database, no network, nothing is unpacked to the disk."""

from __future__ import annotations

import hashlib
import json
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

import zstandard

from incidents.bundles import chain
from smsops.errors import OpsError

PIECE = 1024 * 1024
LONGEST = 64 * 1024 * 1024  # bytes of a text that is kept to be read; a longer one is only digested
MOST = 10_000  # files in a bundle


@dataclass
class Verdict:
    """What a bundle is, and a sentence for everything that is wrong with it."""

    incident: int = 0
    environment: str = ""
    made_at: str = ""
    head: str = ""
    files: dict[str, tuple[int, str]] = field(default_factory=dict)  # by name: size, SHA-256
    left_out: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def verify(path: Path) -> Verdict:
    """Read the bundle to its end and judge it. OpsError when there is no such file."""
    verdict, texts = Verdict(), dict[str, bytes]()
    try:
        with path.open("rb") as raw:
            _read(raw, verdict, texts)
    except OSError as error:
        raise OpsError(f"{path} cannot be read: {error.strerror}.") from error
    manifest = _parsed(texts, chain.MANIFEST, verdict)
    if manifest is not None:
        _compare(manifest, verdict)
    incident = _parsed(texts, chain.INCIDENT, verdict)
    if incident is not None:
        _timeline(incident, verdict)
    return verdict


def _read(raw: BinaryIO, verdict: Verdict, texts: dict[str, bytes]) -> None:
    packed = zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True)
    last = "its beginning"
    try:
        with tarfile.open(fileobj=cast("BinaryIO", packed), mode="r|", bufsize=tarfile.BLOCKSIZE) as tar:
            for info in tar:
                last = info.name
                if info.name in verdict.files or len(verdict.files) >= MOST or not info.isfile():
                    verdict.problems.append(f"{info.name[:100]} does not belong into a bundle.")
                    continue
                verdict.files[info.name] = _digested(tar, info, texts)
        while rest := packed.read(PIECE):  # a tar ends with zeros
            if rest.strip(b"\0"):
                verdict.problems.append("There is something behind the end of the bundle.")
                break
    except (zstandard.ZstdError, tarfile.TarError, EOFError):
        verdict.problems.append(f"{last}: the file is damaged there, or right behind it; the rest cannot be read.")


def _digested(tar: tarfile.TarFile, info: tarfile.TarInfo, texts: dict[str, bytes]) -> tuple[int, str]:
    found, size, kept = hashlib.sha256(), 0, bytearray()
    source = tar.extractfile(info)
    while source is not None and (data := source.read(PIECE)):
        found.update(data)
        size += len(data)
        if info.name in (chain.MANIFEST, chain.INCIDENT) and size <= LONGEST:
            kept += data
    texts[info.name] = bytes(kept)
    return size, found.hexdigest()


def _parsed(texts: dict[str, bytes], name: str, verdict: Verdict) -> dict[str, Any] | None:
    try:
        found = json.loads(texts[name])
    except (KeyError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        verdict.problems.append(f"{name} is missing or cannot be read.")
        return None
    return found


def _compare(manifest: dict[str, Any], verdict: Verdict) -> None:
    """Every file against its line, every line against the one before it."""
    try:
        verdict.incident, verdict.environment = int(manifest["incident"]), str(manifest["environment"])
        verdict.made_at, verdict.head = str(manifest["made_at"]), str(manifest["head"])
        verdict.left_out = [f"{each['name']}: {each['why']}" for each in manifest["left_out"]]
        entries = [(str(each["name"]), int(each["size"]), str(each["sha256"]), str(each["chain"]))
                   for each in manifest["entries"]]  # fmt: skip
    except (KeyError, TypeError, ValueError):
        verdict.problems.append(f"{chain.MANIFEST} is not as smsops writes it.")
        return
    if manifest.get("format") != chain.FORMAT:
        verdict.problems.append(f"{chain.MANIFEST} is of another format than this program knows.")
    last = chain.begin(verdict.incident, verdict.environment, verdict.made_at)
    for name, size, digest, link in entries:
        _judge(name, (size, digest), verdict)
        last = chain.link(last, name, size, digest)
        if last != link:
            verdict.problems.append(f"{name}: its line in {chain.MANIFEST}, or one before it, was changed.")
            last = link
    if last != verdict.head:
        verdict.problems.append(f"The last link in {chain.MANIFEST} is not that of its last line.")
    for name in verdict.files.keys() - {chain.MANIFEST, *(entry[0] for entry in entries)}:
        verdict.problems.append(f"{name} is in the bundle and not in {chain.MANIFEST}.")


def _judge(name: str, wanted: tuple[int, str], verdict: Verdict) -> None:
    found = verdict.files.get(name)
    if found is None:
        verdict.problems.append(f"{name} is missing.")
    elif found != wanted:
        verdict.problems.append(f"{name} was changed: SHA-256 {found[1]}, {found[0]} bytes, instead of "
                                f"{wanted[1]}, {wanted[0]} bytes.")  # fmt: skip


def _timeline(incident: dict[str, Any], verdict: Verdict) -> None:
    try:
        entries = list(incident["timeline"])
        links = chain.of_timeline(entries)
        wrong = next((each for each, link in zip(entries, links, strict=True) if each["chain"] != link), None)
    except (KeyError, TypeError):
        verdict.problems.append(f"{chain.INCIDENT} has no timeline as smsops writes it.")
        return
    if wrong is not None:
        said = f"the entry of {wrong['at']} (“{str(wrong['text'])[:60]}”), or one before it, was changed."
        verdict.problems.append(f"{chain.INCIDENT}: {said}")
