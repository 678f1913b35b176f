"""Whose eyes a command has: rows that only some may see are shown only in the name of somebody who may."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TypeVar

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Model, QuerySet

from smsops.errors import WrongUse
from smsops.limits import within

M = TypeVar("M", bound=Model)


def eyes_argument(parser: ArgumentParser) -> None:
    """For acts that show something and are done by nobody in particular."""
    parser.add_argument(
        "--as", dest="eyes", default="", metavar="USER",
        help="show what is private as well, in the name of a user who may see it",
    )  # fmt: skip


def find_person(name: str) -> User:
    """The active user of that name; WrongUse when none was given, or there is none."""
    if not name:
        raise WrongUse("Say who does it: --user NAME, the name of an active user.")
    user = get_user_model().objects.filter(username=name, is_active=True).first()
    if user is None:
        raise WrongUse(f"There is no active user “{name}”.")
    return user


def seen(found: QuerySet[M], args: Namespace) -> QuerySet[M]:
    """Those of these rows that may come onto the screen."""
    return within(found, find_person(args.eyes) if args.eyes else AnonymousUser())
