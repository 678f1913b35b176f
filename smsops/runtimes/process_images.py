"""The images of a natively run SMS: unpacked releases, whose folders' names are their versions."""

from __future__ import annotations

import errno
import shutil
import uuid
from collections.abc import Generator, Mapping
from pathlib import Path

from smsops.errors import NameTaken, OpsError
from smsops.runtimes import release_folders
from smsops.runtimes.base import Image, Instance, RuntimeSpec


class ProcessImages:
    """The part of the driver that knows images."""

    spec: RuntimeSpec

    @property
    def _releases(self) -> Path:
        return Path(self.spec.releases_path)

    def instances(self) -> list[Instance]:
        raise NotImplementedError

    def image(self, reference: str) -> Image | None:
        return next((image for image in self.images() if reference in (image.id, image.version)), None)

    def images(self) -> list[Image]:
        return release_folders.images(self._releases)

    def build(self, folder: Path, tag: str, labels: Mapping[str, str], *, fresh: bool = False) -> Generator[str]:
        if not (folder / "backend" / "entrypoint.py").is_file():
            raise OpsError("It cannot be run natively: it has no backend/entrypoint.py.")
        part = self._releases / f".{tag}.part"
        shutil.rmtree(part, ignore_errors=True)
        yield f"Copying the release to {self._releases / tag}"
        try:
            shutil.copytree(folder, part, symlinks=True)
            self._place(part, tag)
        except OSError as error:
            raise OpsError(f"The release cannot be written to {self._releases}: {error.strerror}.") from error
        finally:
            shutil.rmtree(part, ignore_errors=True)
        yield "Copied."

    def load(self, file: Path, tag: str) -> Generator[str]:
        raise OpsError("An SMS run natively takes no images: its releases are unpacked from their tags.")

    def name_image(self, image_id: str, version: str, instead_of: str = "") -> None:
        named, found = self._folder(version), self.image(image_id)
        if named is not None and named.id == image_id:
            return
        if named is not None:  # its folder may be in use, whatever `instead_of` says
            raise NameTaken(f"The release {version} is in {self._releases} already; it is not overwritten.")
        if found is None:
            raise OpsError(f"The release {image_id[:19]} is not in {self._releases}.")
        self._place(release_folders.folder_of(self._releases, found), version)

    def remove_image(self, version: str) -> None:
        found = self._folder(version)
        if found is None:
            return
        users = [instance.name for instance in self.instances() if instance.image_id == found.id]
        if users:
            raise OpsError(f"The release {version} stays: {', '.join(users)} was made from it.")
        gone = self._releases / f".gone-{uuid.uuid4().hex}"
        try:
            (self._releases / version).rename(gone)
            shutil.rmtree(gone)
        except OSError as error:
            raise OpsError(f"The release {version} cannot be removed: {error.strerror}.") from error

    def _folder(self, version: str) -> Image | None:
        return next((image for image in self.images() if image.version == version), None)

    def _place(self, folder: Path, name: str) -> None:
        """One rename(2), refused when there is a folder of that name with something in it."""
        try:
            folder.rename(self._releases / name)
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                raise NameTaken(f"The release {name} is in {self._releases} already.") from error
            raise
