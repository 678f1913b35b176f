"""A shelf in a bucket of S3, or of a server that speaks like it, with object lock where it is wanted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, cast

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, NoCredentialsError
from botocore.exceptions import ConnectionError as NoConnection
from django.core.files import File
from s3transfer.exceptions import RetriesExceededError
from storages.backends.s3 import S3Storage

from backups.vault.entries import Entry
from backups.vault.remote import ANSWER_SECONDS, CONNECT_SECONDS, RemoteShelf, Site
from smsops.errors import OpsError

WRONG_KEY = {"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken", "AuthFailure"}
FORBIDDEN = {"AccessDenied", "403", "AllAccessDisabled"}
GONE = {"404", "NoSuchKey", "NotFound"}
THERE_ALREADY = {"PreconditionFailed", "412"}
SLACK = timedelta(days=1)  # every lock is longer by this, so that a file is locked anew once a day at most


class LockingStorage(S3Storage):  # type: ignore[misc]
    """Django's storage on S3; every object it makes is new, and locked for `days` from that moment."""

    days = 0
    mode = ""

    def get_object_parameters(self, name: str) -> dict[str, Any]:
        if not self.days:
            return {}
        until = datetime.now(UTC) + timedelta(days=self.days) + SLACK
        # The server wants a checksum with every locked object, and keeps it.
        locked = {"ObjectLockMode": self.mode, "ObjectLockRetainUntilDate": until}
        return locked | {"ChecksumAlgorithm": "CRC32"}


class S3Shelf(RemoteShelf):
    """A shelf in a bucket, below a prefix."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.place = f"the S3 bucket “{site.bucket}” at {site.address or 'AWS'}"
        self.prefix = f"{site.prefix.strip('/')}/".lstrip("/")
        # Servers other than AWS often know nothing of the newer checksums.
        sums = "when_required" if site.address else "when_supported"
        try:
            self.storage = LockingStorage(
                bucket_name=site.bucket,
                location=self.prefix,
                endpoint_url=site.address or None,
                access_key=site.user or None,
                secret_key=site.secret or None,
                security_token=None,
                region_name=site.region or ("us-east-1" if site.address else None),
                file_overwrite=True,  # of the storage's own check, which asks for a right too many; see _only_new
                transfer_config=TransferConfig(use_threads=False),
                client_config=Config(
                    connect_timeout=CONNECT_SECONDS,
                    read_timeout=ANSWER_SECONDS,
                    retries={"total_max_attempts": 1},
                    s3={"addressing_style": "path" if site.address else "auto"},
                    request_checksum_calculation=sums,
                    response_checksum_validation=sums,
                ),
            )
            self.storage.days, self.storage.mode = site.lock_days, site.lock_mode
            self.client: Any = self.storage.connection.meta.client
        except ValueError as error:
            raise OpsError(f"“{site.address}” is not the address of an S3 server.") from error
        for act in ("PutObject", "CompleteMultipartUpload"):
            self.client.meta.events.register(f"before-call.s3.{act}", _only_new)

    def _list(self, folder: str) -> list[str]:
        path = f"{self.prefix}{folder.strip('/')}/"
        found: list[str] = []
        pages = self.client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.site.bucket, Prefix=path, Delimiter="/"):
            found += [each["Prefix"] for each in page.get("CommonPrefixes", ())]
            found += [each["Key"] for each in page.get("Contents", ()) if each["Key"] != path]
        return [name.removeprefix(path).rstrip("/") for name in found]

    def _below(self, folder: str) -> Iterator[Entry]:
        pages = self.client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.site.bucket, Prefix=f"{self.prefix}{folder.strip('/')}/"):
            for each in page.get("Contents", ()):
                name = each["Key"].removeprefix(self.prefix)
                yield Entry(name, int(each["Size"]), each["LastModified"].timestamp())

    def _size(self, name: str) -> int | None:
        # Asked by listing: to ask for the object itself is “forbidden” where it is missing, unless all may be listed.
        key = f"{self.prefix}{name}"
        page = self.client.list_objects_v2(Bucket=self.site.bucket, Prefix=key, MaxKeys=1)
        return next((int(each["Size"]) for each in page.get("Contents", ()) if each["Key"] == key), None)

    def _fetch(self, name: str) -> BinaryIO:
        stored = self.storage.bucket.Object(f"{self.prefix}{name}")
        try:
            return self._spooled(lambda spool: stored.download_fileobj(spool, Config=self.storage.transfer_config))
        except ClientError:
            if self._size(name) is None:
                raise FileNotFoundError(name) from None
            raise

    def _send(self, name: str, source: Path) -> None:
        if self.site.lock_days and not self.locks:
            raise self._unlocked()
        try:
            with source.open("rb") as file:
                self.storage.save(name, File(file))
        except ClientError as error:
            if _code(error) not in THERE_ALREADY:
                raise
        if self.site.lock_days and self._locked_until(name) is None:
            raise self._unlocked()

    def _prolong(self, name: str) -> None:
        if not self.site.lock_days:
            return
        if not self.locks:  # such a server might take the lock for the file's new content
            raise self._unlocked()
        until = self._locked_until(name)
        wanted = datetime.now(UTC) + timedelta(days=self.site.lock_days)
        if until is None or until < wanted:
            retention = {"Mode": self.site.lock_mode, "RetainUntilDate": wanted + SLACK}
            self.client.put_object_retention(
                Bucket=self.site.bucket, Key=f"{self.prefix}{name}", Retention=retention, ChecksumAlgorithm="CRC32"
            )

    def _locked(self, name: str) -> bool:
        # Asked first: where there are versions, to delete would only hide what is locked, and free nothing.
        try:
            found = self.client.head_object(Bucket=self.site.bucket, Key=f"{self.prefix}{name}")
        except ClientError as error:
            if _code(error) in GONE:
                return False
            raise
        until = found.get("ObjectLockRetainUntilDate")
        return found.get("ObjectLockLegalHoldStatus") == "ON" or (until is not None and until > datetime.now(UTC))

    def _locked_until(self, name: str) -> datetime | None:
        found = self.client.head_object(Bucket=self.site.bucket, Key=f"{self.prefix}{name}")
        return cast("datetime | None", found.get("ObjectLockRetainUntilDate"))

    @cached_property
    def locks(self) -> bool:
        """Whether the bucket says that it locks. Some servers take a lock, show it, and do not heed it."""
        try:
            found = self.client.get_object_lock_configuration(Bucket=self.site.bucket)
        except ClientError as error:
            if _code(error) in WRONG_KEY | FORBIDDEN | {"NoSuchBucket"}:
                raise
            return False
        return bool(found.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") == "Enabled")

    def _unlocked(self) -> OpsError:
        return OpsError(
            f"The server of {self.place} does not lock files.",
            fix="Use a bucket with object lock, and allow to read its configuration and to read and set retention.",
        )

    def _delete(self, name: str) -> None:
        self.storage.delete(name)

    def _explain(self, error: Exception) -> OpsError | None:
        if isinstance(error, ClientError):
            return self._answered(error)
        if isinstance(error, NoCredentialsError):
            return self._refused()
        if isinstance(error, HTTPClientError | NoConnection | RetriesExceededError):
            return self._silent()
        return self._other(error) if isinstance(error, BotoCoreError | Boto3Error) else None

    def _answered(self, error: ClientError) -> OpsError:
        code = _code(error)
        if code in WRONG_KEY:
            return self._refused()
        if code in FORBIDDEN:
            return self._forbidden()
        if code == "NoSuchBucket":
            return self._absent()
        return self._other(error.response.get("Error", {}).get("Message") or code)

    def close(self) -> None:
        self.client.close()


def _only_new(params: dict[str, Any], **_: Any) -> None:
    """Ask the server to refuse what would write over an object: of two who copy at once, one is the first."""
    params["headers"]["If-None-Match"] = "*"


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
