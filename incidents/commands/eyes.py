"""What of incidents a command shows: what is private only in the name of somebody who may see it."""

from __future__ import annotations

from argparse import Namespace

from incidents.privacy import PERMISSION, Terminal
from smsops.ops.eyes import eyes_argument, find_person

__all__ = ["eyes", "eyes_argument", "find_person"]


def eyes(args: Namespace) -> Terminal:
    """What this command may show: by --as, or by the --user in whose name it does something."""
    name = getattr(args, "eyes", "") or getattr(args, "user", "")
    return Terminal(private=bool(name) and find_person(name).has_perm(PERMISSION))
