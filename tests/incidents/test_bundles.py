"""A bundle proves itself: whatever is changed, moved, added or left out is named, and no database is asked."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from django.core.management import call_command

from incidents.bundles import chain, verifying
from incidents.models import Evidence, Incident
from incidents.services import bundling, evidence, incidents
from smsops.errors import OpsError
from smsops.models import Environment
from tests.factories import make_incident
from tests.places import ADMIN, SECRET_KEY

pytestmark = pytest.mark.django_db
Files = dict[str, bytes]


@pytest.fixture
def incident(environment: Environment) -> Incident:
    found = make_incident(environment)
    evidence.keep(found, "log.txt", "ERROR: it broke\n")
    evidence.keep(found, "health.txt", "GET /health: HTTP 500\n")
    incidents.note(found, "note", "<script>alert(1)</script> *bold* [x](javascript:y)")
    return found


@pytest.fixture
def bundle(incident: Incident, tmp_path: Path) -> Path:
    path = tmp_path / "incident.tar.zst"
    bundling.write(incident, path, "ada")
    return path


def files(path: Path) -> Files:
    data = zstandard.ZstdDecompressor().stream_reader(path.read_bytes(), read_across_frames=True).read()
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {info.name: tar.extractfile(info).read() for info in tar}  # type: ignore[union-attr]


def pack(found: Files, path: Path) -> Path:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        for name, data in found.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    path.write_bytes(zstandard.ZstdCompressor().compress(raw.getvalue()))
    return path


def problems(path: Path) -> str:
    return "\n".join(verifying.verify(path).problems)


def test_a_bundle_nobody_touched_has_no_problem(bundle: Path, incident: Incident) -> None:
    found = verifying.verify(bundle)
    assert (found.problems, found.incident) == ([], incident.pk)
    assert set(found.files) == {"incident.json", "timeline.md", "evidence/log.txt", "evidence/health.txt",
                                "manifest.json"}  # fmt: skip
    assert incident.timeline.filter(text__contains=found.head).exists()


def reworded(found: Files) -> Files:
    data = json.loads(found["incident.json"])
    data["timeline"][0]["text"] = "All was well."
    return {**found, "incident.json": json.dumps(data).encode()}


def relisted(found: Files) -> Files:
    data = json.loads(found["manifest.json"])
    data["entries"] = [each for each in data["entries"] if each["name"] != "evidence/health.txt"]
    return {**{name: data for name, data in found.items() if name != "evidence/health.txt"},
            "manifest.json": json.dumps(data).encode()}  # fmt: skip


CHANGES: dict[str, tuple[Callable[[Files], Files], str]] = {
    "a byte of evidence": (lambda f: {**f, "evidence/log.txt": b"ERROR: it Broke\n"}, "evidence/log.txt was changed"),
    "evidence left out": (lambda f: {k: v for k, v in f.items() if k != "evidence/log.txt"}, "log.txt is missing"),
    "left out of the list as well": (relisted, "or one before it, was changed"),
    "something added": (lambda f: {**f, "evidence/new.txt": b"x"}, "evidence/new.txt is in the bundle and not in"),
    "a word of the timeline": (reworded, "(“All was well.”), or one before it, was changed"),
    "no manifest": (lambda f: {k: v for k, v in f.items() if k != chain.MANIFEST}, "manifest.json is missing"),
    "a manifest of something else": (lambda f: {**f, chain.MANIFEST: b"[1]"}, "manifest.json is missing or cannot"),
}


@pytest.mark.parametrize(("change", "told"), CHANGES.values(), ids=CHANGES)
def test_what_was_changed_is_named(bundle: Path, tmp_path: Path, change: Callable[[Files], Files], told: str) -> None:
    assert told in problems(pack(change(files(bundle)), tmp_path / "other.tar.zst"))


def test_a_flipped_bit_anywhere_is_found_or_changes_nothing_in_it(bundle: Path, tmp_path: Path) -> None:
    data, missed, content = bundle.read_bytes(), [], files(bundle)
    for place in range(0, len(data), 7):
        changed = bytearray(data)
        changed[place] ^= 0x10
        (tmp_path / "flipped").write_bytes(changed)
        if not problems(tmp_path / "flipped") and files(tmp_path / "flipped") != content:
            missed.append(place)
    assert missed == []


@pytest.mark.parametrize("data", [b"", b"no bundle", b"\x28\xb5\x2f\xfd", bytes(5000)])
def test_what_is_no_bundle_is_said_to_be_none(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "file").write_bytes(data)
    assert "manifest.json is missing or cannot be read." in problems(tmp_path / "file")


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(OpsError, match="cannot be read: No such file"):
        verifying.verify(tmp_path / "none")


def test_a_copy_of_the_database_goes_with_it_only_where_asked_for(incident: Incident, tmp_path: Path) -> None:
    evidence.keep(incident, "database.sealed", "sealed")
    Evidence.objects.filter(name="database.sealed").update(personal=True)
    bundling.write(incident, tmp_path / "without", "ada")
    bundling.write(incident, tmp_path / "with", "ada", with_database=True)
    assert verifying.verify(tmp_path / "without").left_out == [
        "evidence/database.sealed: it has personal data in it and was not asked for"
    ]
    assert "evidence/database.sealed" in verifying.verify(tmp_path / "with").files


def test_a_piece_that_was_changed_before_is_left_out_and_named(incident: Incident, tmp_path: Path) -> None:
    Path(incident.evidence.get(name="log.txt").path).write_text("all was well")
    bundling.write(incident, tmp_path / "bundle", "ada")
    assert "was changed after it was taken" in verifying.verify(tmp_path / "bundle").left_out[0]


def test_nothing_is_written_over(bundle: Path, incident: Incident) -> None:
    with pytest.raises(OpsError, match="exists already"):
        bundling.write(incident, bundle, "ada")


def test_no_canary_and_no_markup_is_in_it(incident: Incident, tmp_path: Path) -> None:
    incident.environment.env_file = str(tmp_path / "sms.env")
    (tmp_path / "sms.env").write_text(f"SECRET_KEY={SECRET_KEY}\n")
    incident.environment.save()
    incident.timeline.create(kind="note", text=f"it was {SECRET_KEY}, says {ADMIN[0]}")
    bundling.write(incident, tmp_path / "bundle", "ada")
    told = b"".join(files(tmp_path / "bundle").values()).decode()
    assert [secret for secret in (SECRET_KEY, ADMIN[0]) if secret in told] == []
    assert (
        r"\<script\>alert(1)\</script\> \*bold\* \[x\](javascript:y)"
        in files(tmp_path / "bundle")["timeline.md"].decode()
    )


def test_it_is_verified_without_a_database(bundle: Path, tmp_path: Path) -> None:
    env = {
        **os.environ,
        "SMSOPS_DATABASE_URL": "postgres://nobody:x@127.0.0.1:9/none",
        "SMSOPS_DATA_DIR": str(tmp_path),
    }
    words = [sys.executable, "manage.py", "ops", "incident", "verify", str(bundle)]
    done = subprocess.run(words, check=False, capture_output=True, text=True, env=env)
    assert (done.returncode, "none changed" in done.stdout) == (0, True), done.stderr


def test_the_command_says_which_file_is_wrong_and_ends_with_1(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = pack({**files(bundle), "evidence/log.txt": b"x"}, tmp_path / "other")
    call_command("ops", "incident", "verify", str(bundle))
    with pytest.raises(SystemExit) as ended:
        call_command("ops", "incident", "verify", str(other))
    assert (ended.value.code, "evidence/log.txt was changed" in capsys.readouterr().out) == (1, True)
