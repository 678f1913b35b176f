"""A shelf in a container of Azure Blob Storage."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    ResourceExistsError,
    ResourceNotFoundError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.storage.blob import BlobServiceClient, ContainerClient
from django.core.files import File
from storages.backends.azure_storage import AzureStorage

from backups.vault.entries import Entry
from backups.vault.remote import ANSWER_SECONDS, CONNECT_SECONDS, RemoteShelf, Site
from smsops.errors import OpsError

# Five lines for every request otherwise.
logging.getLogger("azure.core.pipeline.policies.http_logging_policy").setLevel(logging.WARNING)
ALONE = 1  # connections at once: memory stays small, and nothing is in a thread when the worker is killed
WRONG_KEY = {"AuthenticationFailed", "InvalidAuthenticationInfo", "NoAuthenticationInformation"}
FORBIDDEN = {"AuthorizationFailure", "AuthorizationPermissionMismatch", "InsufficientAccountPermissions"}


class AccountStorage(AzureStorage):  # type: ignore[misc]
    """Django's storage on Azure, at an account's own address."""

    site: Site

    def _get_service_client(self) -> BlobServiceClient:
        user, secret = self.site.user, self.site.secret
        return BlobServiceClient(
            self.site.address,
            credential={"account_name": user, "account_key": secret} if user else secret,
            connection_timeout=CONNECT_SECONDS,
            read_timeout=ANSWER_SECONDS,
            retry_total=0,
        )


class AzureShelf(RemoteShelf):
    """A shelf in a container, below a prefix."""

    def __init__(self, site: Site) -> None:
        self.prefix = f"{site.prefix.strip('/')}/".lstrip("/")
        self.place = f"the Azure container “{site.bucket}” at {site.address}"
        self.storage = AccountStorage(
            azure_container=site.bucket,
            location=self.prefix,
            overwrite_files=False,
            upload_max_conn=ALONE,
            timeout=None,  # a server's own limit for a whole upload, however large; the client's are per answer
        )
        self.storage.site = site
        try:
            self.container: ContainerClient = self.storage.client
        except ValueError as error:
            raise OpsError(f"The address or the key of {self.place} has a wrong form.") from error

    def _list(self, folder: str) -> list[str]:
        path = f"{self.prefix}{folder.strip('/')}/"
        listed = self.container.walk_blobs(name_starts_with=path, delimiter="/")
        return [each.name.removeprefix(path).rstrip("/") for each in listed]

    def _below(self, folder: str) -> Iterator[Entry]:
        for each in self.container.list_blobs(name_starts_with=f"{self.prefix}{folder.strip('/')}/"):
            yield Entry(each.name.removeprefix(self.prefix), int(each.size), each.last_modified.timestamp())

    def _size(self, name: str) -> int | None:
        try:
            return int(self._blob(name).get_blob_properties().size)
        except ResourceNotFoundError as error:
            if _code(error) != "BlobNotFound":
                raise
            return None

    def _blob(self, name: str) -> Any:
        return self.container.get_blob_client(f"{self.prefix}{name}")

    def _fetch(self, name: str) -> BinaryIO:
        try:
            return self._spooled(lambda spool: self._blob(name).download_blob().readinto(spool))
        except ResourceNotFoundError as error:
            if _code(error) != "BlobNotFound":
                raise
            raise FileNotFoundError(name) from None

    def _send(self, name: str, source: Path) -> None:
        try:
            with source.open("rb") as file:
                # Not save(), which would look for another name where this one is taken.
                self.storage._save(name, File(file))
        except ResourceExistsError:
            return

    def _delete(self, name: str) -> None:
        self.storage.delete(name)

    def _explain(self, error: Exception) -> OpsError | None:
        if isinstance(error, ServiceRequestError | ServiceResponseError):
            return self._silent()
        if _code(error) in FORBIDDEN:
            return self._forbidden()
        if isinstance(error, ClientAuthenticationError) or _code(error) in WRONG_KEY:
            return self._refused()
        if _code(error) == "ContainerNotFound":
            return self._absent()
        return self._other(str(error).partition("\n")[0]) if isinstance(error, AzureError) else None

    def close(self) -> None:
        self.storage.service_client.close()


def _code(error: Exception) -> str:
    code = getattr(error, "error_code", "")
    return str(getattr(code, "value", code) or "")
