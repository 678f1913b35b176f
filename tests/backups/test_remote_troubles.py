"""What goes wrong with shelves on other machines is said in one sentence, and soon."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from backups.vault import remote
from backups.vault.remote import Site, opened
from smsops.errors import OpsError
from tests.backups.servers import LARGE, NAME, SECRET, content, parcel
from tests.backups.wires import wired
from tests.incidents.servers import mute
from tests.places import free_port

ABSENT = r"does not exist|There is no folder"
NOT_THERE = {"s3": "nowhere", "azure": "nowhere", "sftp": "/nowhere", "folder": "/nowhere"}


def said_by(site: Site, folder: Path) -> list[str]:
    """What is said when the site is used in every way; nothing else than one sentence ever comes out."""
    said = []
    with opened(site) as shelf:
        for act in ("names", "open", "exists", "remove", "put"):
            with pytest.raises(OpsError) as caught:
                getattr(shelf, act)(NAME, *([parcel(folder, b"one")] if act == "put" else []))
            said.append(caught.value.message)
    return said


@pytest.mark.parametrize(
    "kind",
    ["rclone", pytest.param("sftp", marks=pytest.mark.sftp), pytest.param("azure", marks=pytest.mark.azure)],
)
def test_wrong_credentials_are_called_so(request: pytest.FixtureRequest, kind: str, tmp_path: Path) -> None:
    site: Site = request.getfixturevalue(f"{kind}_site")
    wrong = "A" * 86 + "==" if kind == "azure" else "not-the-secret"
    for said in said_by(replace(site, secret=wrong), tmp_path):
        assert "credentials" in said and "\n" not in said and wrong not in said


def test_a_missing_bucket_is_called_missing_and_not_empty(site: Site, tmp_path: Path) -> None:
    lost = replace(site, bucket=NOT_THERE[site.kind])
    with pytest.raises(OpsError, match=ABSENT), opened(lost) as shelf:
        shelf.names("backups")
    with pytest.raises(OpsError, match=ABSENT), opened(lost) as shelf:
        shelf.open(NAME)


def test_a_server_that_is_not_there_does_not_answer(site: Site, tmp_path: Path) -> None:
    port = site.address.rpartition(":")[2].partition("/")[0]
    for said in said_by(replace(site, address=site.address.replace(port, str(free_port()))), tmp_path):
        assert said.endswith("does not answer.")


def patience(monkeypatch: pytest.MonkeyPatch, site: Site, seconds: float) -> None:
    assert remote.CONNECT_SECONDS + remote.ANSWER_SECONDS <= 12
    for name in ("CONNECT_SECONDS", "ANSWER_SECONDS"):
        monkeypatch.setattr(f"backups.vault.{site.kind}.{name}", seconds)


def test_a_server_that_says_nothing_is_not_waited_for(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    patience(monkeypatch, site, 0.5)
    port = site.address.rpartition(":")[2].partition("/")[0]
    with mute() as server:
        began = time.monotonic()
        silent = replace(site, address=site.address.replace(port, server.url.rpartition(":")[2]))
        with pytest.raises(OpsError, match="does not answer"), opened(silent) as shelf:
            shelf.names("backups")
        assert time.monotonic() - began < 7


@pytest.mark.parametrize("silent", [False, True], ids=["cut", "silent"])
def test_a_server_that_is_gone_in_the_middle_leaves_no_half_file(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, silent: bool
) -> None:
    with monkeypatch.context() as patch:
        patience(patch, site, 0.5)
        began = time.monotonic()
        with wired(site, 4_000_000, silent=silent) as wire, opened(wire) as shelf:
            with pytest.raises(OpsError, match="does not answer") as caught:
                shelf.put(NAME, parcel(tmp_path, LARGE))
            assert caught.value.transient
        assert time.monotonic() - began < 7.5
    with opened(site) as shelf:
        assert (shelf.names("backups"), shelf.exists(NAME)) == ([], False)
        shelf.put(NAME, parcel(tmp_path, LARGE))
        assert content(shelf, NAME) == LARGE


def test_secrets_are_not_shown(moto_site: Site) -> None:
    assert SECRET not in repr(moto_site)


def test_a_kind_that_is_not_known_is_refused() -> None:
    with pytest.raises(OpsError, match="There are s3, azure, sftp and folder"), opened(Site("tape", "x")):
        pass


def test_an_address_that_is_none_is_refused() -> None:
    for kind in ("s3", "azure"):
        with pytest.raises(OpsError), opened(Site(kind, "x", "::", user="u", secret="s")) as shelf:
            shelf.names("backups")


def test_a_folder_that_is_not_mounted_is_not_taken_for_an_empty_replica(tmp_path: Path) -> None:
    with pytest.raises(OpsError, match="There is no folder"), opened(Site("folder", str(tmp_path / "disk"))):
        pass
