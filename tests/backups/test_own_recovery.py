"""smsops brought back from the vault and the escrow file alone, in a new data folder with another field key."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from backups import selectors
from backups.services.own import copies
from incidents.models import Incident
from smsops.models import Environment, Lease, Run, RunState
from tests.places import Place, drive

MANAGE = Path(__file__).resolve().parents[2] / "manage.py"
pytestmark = pytest.mark.slow


class Fresh:
    """A machine without anything of smsops but its program, the vault's folder and the escrow file."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.escrow = folder, folder / "escrow.json"
        folder.mkdir()
        selectors.keyring().export(self.escrow)

    def type_in(self, *words: object) -> subprocess.CompletedProcess[str]:
        told = {name: value for name, value in os.environ.items() if not name.startswith("SMSOPS_")}
        told |= {"SMSOPS_DATA_DIR": str(self.folder / "data"), "SMSOPS_VAULT_DIR": str(settings.SMSOPS_VAULT_DIR)}
        command = [sys.executable, str(MANAGE), *map(str, words)]
        told["DJANGO_SETTINGS_MODULE"] = "smsops.settings"
        return subprocess.run(command, env=told, capture_output=True, text=True, check=False, timeout=300)

    def ops(self, *words: object) -> Any:
        done = self.type_in("ops", *words, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)


def test_everything_is_there_again_and_sms_is_restored_by_it(
    process_place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drive(process_place.plan_deploy("1.18.1"))
    first = process_place.back_up()
    incident = Incident.objects.create(environment=process_place.environment, title="It broke", severity="high")
    halfway = Run.objects.create(
        environment=process_place.environment, kind="deploy", title="Halfway", state=RunState.RUNNING, exclusive=False
    )
    copies.take(copies.DAILY)
    later = process_place.back_up()  # nobody told the rows that were backed up
    fresh = Fresh(tmp_path / "fresh")
    fresh.ops("vault", "import-keys", fresh.escrow)
    found = fresh.ops("own-backup", "restore", "latest")
    assert found["cancelled"] == [f"run {halfway.pk}, Halfway"]
    assert found["resealed"] > 0  # another field key was made there
    known = {each["identifier"] for each in fresh.ops("backups", process_place.name)}
    assert {each.backups.get().identifier for each in (first, later)} <= known
    assert fresh.ops("incident", "show", incident.pk)["title"] == "It broke"
    process_place.clear()  # the machine of before is gone, and SMS with it
    process_place.execute("DELETE FROM students")
    monkeypatch.setattr(settings, "DATA_DIR", fresh.folder / "data")  # so that what is started there is stopped
    done = fresh.ops("restore", process_place.name, "--backup", "latest", "--reason", "smsops was lost", "--wait")
    assert done["state"] == "succeeded", done
    assert process_place.students() == 200 and process_place.serving()


def test_it_is_refused_by_a_version_that_is_older_than_the_backup(
    environment_of_its_own: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "heads", lambda: ["incidents.9999_from_the_future"])
    copies.take(copies.MANUAL)
    fresh = Fresh(tmp_path / "fresh")
    fresh.ops("vault", "import-keys", fresh.escrow)
    said = fresh.type_in("ops", "own-backup", "restore", "latest")
    assert said.returncode == 2 and "is from a newer smsops: it has incidents.9999_from_the_future" in said.stderr


def test_without_the_escrow_file_it_says_so(environment_of_its_own: Environment, tmp_path: Path) -> None:
    copies.take(copies.MANUAL)
    said = Fresh(tmp_path / "fresh").type_in("ops", "own-backup", "restore", "latest")
    assert said.returncode == 2 and "There is no backup of smsops' own rows" in said.stderr


def test_from_the_off_site_vault_alone(environment_of_its_own: Environment, tmp_path: Path) -> None:
    (tmp_path / "nas").mkdir()
    environment_of_its_own.offsite_vaults.create(name="nas", kind="folder", bucket=str(tmp_path / "nas"))
    Lease.objects.create(scope="environment 1", token=7)
    copies.take(copies.MANUAL)
    assert copies.copy_elsewhere() == []
    fresh = Fresh(tmp_path / "fresh")
    settings.SMSOPS_VAULT_DIR.rename(tmp_path / "burnt")
    fresh.ops("vault", "import-keys", fresh.escrow)
    assert fresh.ops("own-backup", "fetch", "--kind", "folder", "--bucket", tmp_path / "nas") == {"backups": 1}
    assert fresh.ops("own-backup", "restore", "latest")["problems"] == []
    assert [each["name"] for each in fresh.ops("env", "list")] == ["school"]


@pytest.fixture
def environment_of_its_own(transactional_db: None) -> Environment:
    return Environment.objects.create(name="school", smoke_email="a@b.example", smoke_password="cAn4ry")
