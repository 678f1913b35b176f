"""`ops people`: who may sign in, and help for those who cannot, at a command line."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db.models import Max
from django.utils import timezone

from smsops.errors import WrongUse
from smsops.models import Authenticator
from smsops.ops.common import by
from smsops.ops.output import Output
from smsops.ops.registry import GOOD, Verb
from smsops.signin import help_desk, lockout

HELP = {
    "reset-device": help_desk.reset_device,
    "unlock": help_desk.unlock,
    "end-sessions": help_desk.end_sessions,
}


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("action", choices=["list", *HELP])
    parser.add_argument("user", nargs="?", default="", help="name of the person, for everything but the list")
    parser.add_argument("--reason", default="", help="why; it goes into the record")


def _people(args: Namespace, output: Output) -> int:
    if args.action == "list":
        return _list(output)
    user = get_user_model().objects.filter(username=args.user).first()
    if user is None:
        raise WrongUse(f"There is no user “{args.user}”; “ops people list” lists them.")
    said = HELP[args.action](user, by(args).name, args.reason)
    output.say(said)
    output.data({"user": user.get_username(), "did": args.action, "said": said})
    return GOOD


def _list(output: Output) -> int:
    locked, factors = lockout.names(), set(Authenticator.objects.filter(confirmed=True).values_list("user", flat=True))
    people = User.objects.filter(is_active=True, is_staff=True).annotate(last=Max("sign_ins__at")).order_by("username")
    rows = [
        {
            "user": user.get_username(),
            "second_factor": user.pk in factors,
            "last_sign_in": user.last,
            "locked_until": locked.get(user.get_username()),
        }
        for user in people
    ]
    output.table(
        ["USER", "SECOND FACTOR", "LAST SIGN-IN", "LOCKED OUT UNTIL"],
        [
            (
                row["user"],
                "yes" if row["second_factor"] else "no",
                _when(row["last_sign_in"]),
                _when(row["locked_until"]),
            )
            for row in rows
        ],
    )
    output.data(rows)
    return GOOD


def _when(at: object) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}" if at else "-"  # type: ignore[arg-type]


VERB = Verb("people", "who may sign in; reset a second factor, lift a lockout, end sessions", _arguments, _people,
            reads=lambda args: args.action == "list")  # fmt: skip
