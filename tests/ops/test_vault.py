"""`ops vault …`: what is stored, what would go, the catalogue, the keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from backups import selectors
from backups.models import Backup
from tests.ops.terminal import Terminal
from tests.places import Place


@pytest.fixture
def name(process_place: Place, worker: None) -> str:
    """An environment with one backup."""
    process_place.back_up()
    return process_place.name


def test_the_status_says_how_many_how_much_and_where(ops: Terminal, name: str) -> None:
    found = ops("vault", "status", name, "--json").document
    assert (found["backups"], found["folder"].endswith(f"/{name}")) == (1, True)
    assert 10_000 < found["bytes"] < 1_000_000


def test_keys_that_exist_only_here_are_warned_of_until_they_are_exported(
    ops: Terminal, name: str, tmp_path: Path
) -> None:
    warning = "WARNING: The key "
    assert warning in ops("vault", "status", name).out
    assert "Move it off this machine" in ops("vault", "export-keys", tmp_path / "escrow.json").out
    assert warning not in ops("vault", "status", name).out
    ops("vault", "rotate-key")
    assert warning in ops("vault", "status", name).out


def test_the_status_names_what_is_not_the_vaults_own(ops: Terminal, name: str) -> None:
    environment = Backup.objects.get().environment
    (selectors.vault_of(environment).shelf.root / "packs" / "readme").write_text("somebody's")
    assert "is left there: packs/readme." in ops("vault", "status", name).out
    assert "is left there: packs/readme." in ops("vault", "tidy", name, "--wait").out


def test_a_dry_run_says_what_would_go_and_why_the_rest_stays(ops: Terminal, name: str) -> None:
    (row,) = ops("vault", "tidy", name, "--dry-run", "--json").document
    assert row == {"backup": Backup.objects.get().identifier, "stays": True, "why": "of the last 7 days"}


def test_tidying_up_is_a_run(ops: Terminal, name: str) -> None:
    said = ops("vault", "tidy", name, "--wait")
    assert (said.code, "0 backups went by the policy" in said.out) == (0, True)


def test_lost_keys_come_back_from_the_escrow_file(ops: Terminal, name: str, tmp_path: Path) -> None:
    ops("vault", "export-keys", tmp_path / "escrow.json")
    keys = selectors.keyring()
    for path in keys.folder.iterdir():
        path.unlink()
    lost = ops("verify", name, "--wait")
    assert (lost.code, "import-keys FILE" in lost.out + lost.err) == (1, True)
    assert ops("vault", "import-keys", tmp_path / "escrow.json").code == 0
    assert ops("verify", name, "--wait").code == 0


def test_the_catalogue_is_made_again(ops: Terminal, name: str) -> None:
    Backup.objects.all().delete()
    said = ops("vault", "reindex", name)
    assert (said.code, said.lines[0]) == (
        0,
        "1 backup is new to the catalogue, 0 are not in the vault any more.",
    )


WRONG = {
    "status": "Name the environment: ops vault status ENVIRONMENT.",
    "tidy": "Name the environment: ops vault tidy ENVIRONMENT.",
    "reindex nowhere": "There is no environment “nowhere”",
    "export-keys": "Name the file: ops vault export-keys FILE.",
    "import-keys": "Name the file: ops vault import-keys FILE.",
}


@pytest.mark.parametrize("words", WRONG)
def test_wrong_use_is_one_line(ops: Terminal, words: str) -> None:
    said = ops("vault", *words.split())
    assert (said.code, said.complaint.startswith(WRONG[words])) == (2, True)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"keys": 3}', '{"keys": [{"id": "x"}]}'])
def test_a_file_that_holds_no_keys_is_refused_in_one_line(ops: Terminal, tmp_path: Path, content: str) -> None:
    (tmp_path / "escrow.json").write_text(content)
    said = ops("vault", "import-keys", tmp_path / "escrow.json")
    assert said.code == 1
    assert len(said.err.splitlines()) == 1


def test_an_escrow_file_is_never_written_over(ops: Terminal, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    said = ops("vault", "export-keys", tmp_path / "mine")
    assert (said.code, (tmp_path / "mine").read_text()) == (1, "mine")
