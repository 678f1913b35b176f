"""Object lock: what is put on an S3 shelf under lock stays there for so many days."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backups.vault.remote import RemoteShelf, Site, opened
from smsops.errors import OpsError
from tests.backups.servers import NAME, client, content, parcel


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
