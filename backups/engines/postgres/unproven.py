"""The unfinished segment as it was, until it is proven that the server goes on with it.

A receiver that is started again writes that segment anew, from its beginning. Where the server's files were put back
meanwhile, that is another history; what was known of the old one must not be lost to it, nor be mistaken for it.
"""

from __future__ import annotations

import shutil

from backups.engines.postgres import segments
from backups.engines.postgres.archive import PARTIAL, Archive
from backups.vault.shelf import explained, make_private

FOLDER = "unproven"


def set_aside(archive: Archive) -> None:
    """Copy the unfinished segment, before a receiver is started; what is aside already is older, and stays."""
    aside = archive.folder / FOLDER
    unfinished = sorted(archive.log.glob(f"*{PARTIAL}"))
    if not unfinished or (aside.is_dir() and any(aside.glob(f"*{PARTIAL}"))):
        return
    with explained(archive.folder):
        make_private(aside)
        part = aside / "part"
        shutil.copyfile(unfinished[-1], part)
        part.rename(aside / unfinished[-1].name)


def proven(archive: Archive) -> None:
    """The server went on with it: the copy is not needed."""
    shutil.rmtree(archive.folder / FOLDER, ignore_errors=True)


def bring_back(archive: Archive) -> None:
    """The server did not: what was received since is removed, and the segment is as it was. Nobody writes there."""
    for kept in (archive.folder / FOLDER).glob(f"*{PARTIAL}"):
        first = segments.parse(kept.name.removesuffix(PARTIAL))
        for path in archive.log.iterdir():
            found = segments.parse(path.name.removesuffix(PARTIAL))
            if first is not None and found is not None and found >= first:
                path.unlink()
        kept.rename(archive.log / kept.name)
    proven(archive)
