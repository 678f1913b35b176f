"""Whose eyes a command has: what is private is shown only in the name of somebody who may see it."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User

from incidents.privacy import PERMISSION, Terminal
from smsops.errors import WrongUse


def eyes_argument(parser: ArgumentParser) -> None:
    """For acts that show something and are done by nobody in particular."""
    parser.add_argument(
        "--as", dest="eyes", default="", metavar="USER",
        help="show what is private as well, in the name of a user who may see it",
    )  # fmt: skip


def eyes(args: Namespace) -> Terminal:
    """What this command may show: by --as, or by the --user in whose name it does something."""
    name = getattr(args, "eyes", "") or getattr(args, "user", "")
    return Terminal(private=bool(name) and find_person(name).has_perm(PERMISSION))


def find_person(name: str) -> User:
    """The active user of that name; WrongUse when none was given, or there is none."""
    if not name:
        raise WrongUse("Say who does it: --user NAME, the name of an active user.")
    user = get_user_model().objects.filter(username=name, is_active=True).first()
    if user is None:
        raise WrongUse(f"There is no active user “{name}”.")
    return user
