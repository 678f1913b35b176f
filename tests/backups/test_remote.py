"""Shelves on other machines behave as one in a folder does."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from backups.vault.remote import RemoteShelf, Site, opened
from backups.vault.shelf import Shelf
from smsops.errors import OpsError
from tests.backups.servers import LARGE, NAME, content, parcel


@pytest.fixture
def shelf(any_site: Site) -> Iterator[Shelf]:
    with opened(any_site) as found:
        yield found


@pytest.fixture
def far(site: Site) -> Iterator[RemoteShelf]:
    with opened(site) as found:
        assert isinstance(found, RemoteShelf)
        yield found


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


KEY_BEGINS = b"\0\0\0\x0bssh-ed25519\0\0\0\x20"


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
