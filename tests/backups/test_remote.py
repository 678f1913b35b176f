"""Shelves on other machines behave as one in a folder does; what goes wrong there is said in one sentence."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from backups.vault import remote
from backups.vault.remote import RemoteShelf, Site, opened
from backups.vault.shelf import Shelf
from smsops.errors import OpsError
from tests.backups.servers import SECRET, client, parcel
from tests.backups.wires import wired
from tests.incidents.servers import mute
from tests.places import free_port

NAME = "backups/20260301T123000Z-r7.json"
KEY_BEGINS = b"\0\0\0\x0bssh-ed25519\0\0\0\x20"
LARGE = Random(3).randbytes(9 * 1024 * 1024)  # sent in more than one part
ABSENT = r"does not exist|There is no folder"
NOT_THERE = {"s3": "nowhere", "azure": "nowhere", "sftp": "/nowhere", "folder": "/nowhere"}


@pytest.fixture
def shelf(any_site: Site) -> Iterator[Shelf]:
    with opened(any_site) as found:
        yield found


@pytest.fixture
def far(site: Site) -> Iterator[RemoteShelf]:
    with opened(site) as found:
        assert isinstance(found, RemoteShelf)
        yield found


def content(shelf: Shelf, name: str) -> bytes:
    with shelf.open(name) as file:
        return file.read()


# --- what every shelf does ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"one", b"", LARGE], ids=["small", "empty", "large"])
def test_a_file_that_was_put_comes_back_exactly(shelf: Shelf, tmp_path: Path, data: bytes) -> None:
    source = parcel(tmp_path, data)
    shelf.put(NAME, source)
    assert content(shelf, NAME) == data
    assert (shelf.exists(NAME), source.exists()) == (True, False)


def test_a_missing_file_is_said_to_be_missing(shelf: Shelf) -> None:
    assert not shelf.exists(NAME)
    with pytest.raises(FileNotFoundError):
        shelf.open(NAME)


def test_names_are_those_of_files_and_folders_in_order(shelf: Shelf, tmp_path: Path) -> None:
    assert shelf.names("packs") == []
    for name in ("packs/b/2.pack", "packs/b/1.pack", "packs/a/3.pack"):
        shelf.put(name, parcel(tmp_path, b"x"))
    assert (shelf.names("packs"), shelf.names("packs/b")) == (["a", "b"], ["1.pack", "2.pack"])


def test_a_name_that_begins_like_another_one_is_not_taken_for_it(shelf: Shelf, tmp_path: Path) -> None:
    shelf.put(f"{NAME}.more", parcel(tmp_path, b"x"))
    assert not shelf.exists(NAME)


def test_a_file_can_be_put_again(shelf: Shelf, tmp_path: Path) -> None:
    for _ in range(2):
        source = parcel(tmp_path, b"one")
        shelf.put(NAME, source)
        assert not source.exists()
    assert content(shelf, NAME) == b"one"


def test_a_file_that_was_removed_is_gone_and_removing_it_again_is_fine(shelf: Shelf, tmp_path: Path) -> None:
    shelf.put(NAME, parcel(tmp_path, b"one"))
    for _ in range(2):
        shelf.remove(NAME)
    assert (shelf.exists(NAME), shelf.names("backups")) == (False, [])


def test_an_open_file_can_be_read_from_its_beginning_again(shelf: Shelf, tmp_path: Path) -> None:
    shelf.put(NAME, parcel(tmp_path, b"line\nrest"))
    with shelf.open(NAME) as file:
        assert (file.readline(), file.read()) == (b"line\n", b"rest")
        file.seek(0)
        assert file.read(4) == b"line"


def test_another_prefix_is_another_shelf(shelf: Shelf, any_site: Site, tmp_path: Path) -> None:
    shelf.put(NAME, parcel(tmp_path, b"one"))
    with opened(replace(any_site, prefix=f"{any_site.prefix}x")) as other:
        assert (other.names("backups"), other.exists(NAME)) == ([], False)


# --- what only those on other machines do ---------------------------------------------------------------------------


def test_a_file_that_is_there_is_never_written_over(far: RemoteShelf, tmp_path: Path) -> None:
    far.put(NAME, parcel(tmp_path, b"one"))
    with pytest.raises(OpsError, match=r"with another length; it is never written over\."):
        far.put(NAME, parcel(tmp_path, b"another"))
    assert content(far, NAME) == b"one"


@pytest.mark.parametrize("kind", ["moto", pytest.param("azure", marks=pytest.mark.azure)])
def test_of_two_who_put_a_file_at_once_the_first_one_counts(
    request: pytest.FixtureRequest, kind: str, tmp_path: Path
) -> None:
    site: Site = request.getfixturevalue(f"{kind}_site")
    with opened(replace(site, prefix="race")) as shelf:
        assert isinstance(shelf, RemoteShelf)
        for data in (b"first", b"other", LARGE):
            shelf._send(NAME, parcel(tmp_path, data))  # as if neither had seen the other's
        assert content(shelf, NAME) == b"first"


def test_a_size_is_told_without_fetching(far: RemoteShelf, tmp_path: Path) -> None:
    far.put(NAME, parcel(tmp_path, b"12345"))
    assert far.size(NAME) == 5
    with pytest.raises(FileNotFoundError):
        far.size("backups/other.json")


# --- what goes wrong ------------------------------------------------------------------------------------------------


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
        assert time.monotonic() - began < 4


@pytest.mark.parametrize("silent", [False, True], ids=["cut", "silent"])
def test_a_server_that_is_gone_in_the_middle_leaves_no_half_file(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, silent: bool
) -> None:
    patience(monkeypatch, site, 0.5)
    began = time.monotonic()
    with wired(site, 4_000_000, silent=silent) as wire, opened(wire) as shelf:
        with pytest.raises(OpsError, match="does not answer") as caught:
            shelf.put(NAME, parcel(tmp_path, LARGE))
        assert caught.value.transient
    assert time.monotonic() - began < 6
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


# --- object lock ----------------------------------------------------------------------------------------------------


@pytest.fixture
def locked(moto_site: Site) -> Site:
    return replace(moto_site, prefix="locked", lock_days=30)


def test_what_is_put_under_lock_cannot_be_removed_for_so_many_days(locked: Site, tmp_path: Path) -> None:
    with opened(locked) as shelf, client(locked) as s3:
        shelf.put(NAME, parcel(tmp_path, b"one"))
        found = s3.head_object(Bucket="bucket", Key=f"locked/{NAME}")
        assert found["ObjectLockMode"] == "COMPLIANCE"
        assert found["ObjectLockRetainUntilDate"] > datetime.now(UTC) + timedelta(days=30)
        with pytest.raises(s3.exceptions.ClientError, match="AccessDenied"):
            s3.delete_object(Bucket="bucket", Key=f"locked/{NAME}", VersionId=found["VersionId"])


def test_a_file_from_before_the_lock_is_locked_when_it_is_needed(locked: Site, tmp_path: Path) -> None:
    name = "backups/early.json"
    with opened(replace(locked, lock_days=0)) as shelf:
        shelf.put(name, parcel(tmp_path, b"one"))
    with opened(locked) as shelf, client(locked) as s3:
        assert isinstance(shelf, RemoteShelf)
        shelf.prolong(name)
        assert s3.head_object(Bucket="bucket", Key=f"locked/{name}")["ObjectLockMode"] == "COMPLIANCE"


def test_a_lock_is_prolonged_when_a_file_is_needed_for_longer(locked: Site, tmp_path: Path) -> None:
    name = "backups/prolonged.json"
    with opened(replace(locked, lock_days=2)) as shelf:
        shelf.put(name, parcel(tmp_path, b"one"))
    with opened(locked) as shelf, client(locked) as s3:
        assert isinstance(shelf, RemoteShelf)
        for _ in range(2):
            shelf.prolong(name)
        until = s3.head_object(Bucket="bucket", Key=f"locked/{name}")["ObjectLockRetainUntilDate"]
        assert until > datetime.now(UTC) + timedelta(days=30)


def test_a_server_that_does_not_lock_is_not_trusted_to(rclone_site: Site, tmp_path: Path) -> None:
    site = replace(rclone_site, prefix="unlocked")
    with opened(replace(site, lock_days=1)) as shelf, opened(site) as plain:
        with pytest.raises(OpsError, match="does not lock files"):
            shelf.put(NAME, parcel(tmp_path, b"one"))
        assert not plain.exists(NAME)


def test_a_file_is_not_spoilt_by_a_server_that_does_not_lock(rclone_site: Site, tmp_path: Path) -> None:
    site = replace(rclone_site, prefix="unspoilt")
    with opened(replace(site, lock_days=1)) as shelf, opened(site) as plain:
        plain.put(NAME, parcel(tmp_path, b"one"))
        assert isinstance(shelf, RemoteShelf)
        with pytest.raises(OpsError, match="does not lock files"):
            shelf.prolong(NAME)
        assert content(plain, NAME) == b"one"


def test_a_lock_where_there_is_none_is_refused() -> None:
    with pytest.raises(OpsError, match="known to S3 only"), opened(Site("sftp", "x", lock_days=1)):
        pass


# --- SFTP -----------------------------------------------------------------------------------------------------------


@pytest.mark.sftp
def test_what_arrived_by_half_is_not_there_and_is_gone_on_with(sftp_site: Site, tmp_path: Path) -> None:
    half = Path(sftp_site.bucket) / "halves" / NAME
    half.parent.mkdir(parents=True)
    half.write_bytes(b"hal")
    with opened(replace(sftp_site, prefix="halves")) as shelf:
        assert (shelf.names("backups"), shelf.exists(NAME)) == ([], False)
        shelf.put(NAME, parcel(tmp_path, b"half and whole"))
        assert content(shelf, NAME) == b"half and whole"


@pytest.mark.sftp
@pytest.mark.parametrize("key", ["", f"ssh-ed25519 {base64.b64encode(KEY_BEGINS + bytes(32)).decode()}"])
def test_a_server_with_another_host_key_is_told_nothing(sftp_site: Site, key: str) -> None:
    with pytest.raises(OpsError, match="host key"), opened(replace(sftp_site, host_key=key)) as shelf:
        shelf.names("backups")


@pytest.mark.sftp
def test_a_key_that_is_none_is_refused(sftp_site: Site) -> None:
    secret = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"
    with pytest.raises(OpsError, match="private key"), opened(replace(sftp_site, secret=secret)) as shelf:
        shelf.names("backups")


@pytest.mark.sftp
def test_putting_needs_no_right_to_remove_or_rename(strict_sftp_site: Site, tmp_path: Path) -> None:
    with opened(strict_sftp_site) as shelf:
        shelf.put(NAME, parcel(tmp_path, b"one"))
        assert content(shelf, NAME) == b"one"
        with pytest.raises(OpsError, match="do not allow this"):
            shelf.remove(NAME)
