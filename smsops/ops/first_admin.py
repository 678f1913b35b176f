"""`ops first-admin`: the account somebody begins with. Its password is typed or in a file, never an argument."""

from __future__ import annotations

import getpass
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from smsops import complaints
from smsops.errors import WrongUse
from smsops.ops.output import Output
from smsops.ops.registry import GOOD, Verb


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("name", help="what the person signs in with")
    parser.add_argument("--email", default="", help="where pages and links can be sent")
    parser.add_argument("--password-file", default="", help="a file with the password in one line; - is the input")


def _first_admin(args: Namespace, output: Output) -> int:
    """Once: the same again changes nothing, and a second administrator is made by the first."""
    others = User.objects.filter(is_superuser=True, is_active=True).values_list("username", flat=True)
    if args.name in others:
        output.say(f"{args.name} is an administrator already; nothing was changed.")
        output.data({"name": args.name, "made": False})
        return GOOD
    if others:
        raise WrongUse(f"There is an administrator already: {', '.join(others)}. Others are made in the admin.")
    if User.objects.filter(username=args.name).exists():
        raise WrongUse(f"There is a user {args.name} already, who is no administrator. Take another name.")
    user = User(username=args.name, email=args.email, is_staff=True, is_superuser=True)
    password = _password(args.password_file)
    try:
        user.full_clean(exclude=["password"])
        validate_password(password, user)
    except ValidationError as error:
        raise WrongUse(complaints.first(error, User, {"username": "name"})) from None
    user.set_password(password)
    user.save()
    output.say(f"{args.name} is the first administrator. Sign in, and make an account for everybody else.")
    output.data({"name": args.name, "made": True})
    return GOOD


def _password(file: str) -> str:
    """Typed twice at a terminal; else the line in the file."""
    if file and file != "-":
        try:
            return Path(file).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise WrongUse(f"The file {file} cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    if file == "-" or not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("Password: ")
    if first != getpass.getpass("Once more: "):
        raise WrongUse("These were two different passwords; nothing was made.")
    return first


VERB = Verb("first-admin", "make the first administrator", _arguments, _first_admin)
