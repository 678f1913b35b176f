"""Whom the files belong to that smsops makes in its own folders.

In the compose installation the worker is root, for the sake of SMS's data, and web is not. What root makes in a folder
of smsops belongs to whom the folder belongs, or web could read neither keys nor evidence.
"""

from __future__ import annotations

import os
from pathlib import Path


def hand_over(path: Path) -> None:
    """Give a file or folder that was just made to the owner of the folder it is in, where we are root."""
    if os.geteuid() != 0:
        return
    owner = path.parent.stat()
    if owner.st_uid:
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
