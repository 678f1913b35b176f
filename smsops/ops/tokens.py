"""`ops token create | list | revoke`: keys to the API."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User

from smsops.api import tokens
from smsops.errors import WrongUse
from smsops.models import ApiToken, Scope
from smsops.ops.common import by, find_environment
from smsops.ops.output import Output
from smsops.ops.registry import GOOD, Verb


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("action", choices=("create", "list", "revoke"))
    parser.add_argument("name", nargs="?", default="", help="create: what uses it; revoke: smsops_… of the list")
    parser.add_argument("--owner", default="", help="whose it is: it may never do more than they may")
    parser.add_argument("--scope", action="append", default=[], choices=Scope.values, help="what for; several times")
    parser.add_argument("--environment", action="append", default=[], help="only there; several times (everywhere)")
    parser.add_argument("--days", type=int, default=tokens.DAYS, help=f"how long it lasts ({tokens.DAYS})")


def _run(args: Namespace, output: Output) -> int:
    return {"create": _create, "list": _list, "revoke": _revoke}[args.action](args, output)


def _create(args: Namespace, output: Output) -> int:
    places = [find_environment(name) for name in args.environment]
    token, text = tokens.create(_owner(args.owner), args.name, args.scope or [Scope.READ], places, args.days)
    # Not through the output's redaction, which would take it for what it is.
    output.file(f"token {token.identifier}", text)
    return GOOD


def _list(args: Namespace, output: Output) -> int:
    found = ApiToken.objects.select_related("owner").prefetch_related("environments")
    if args.owner:
        found = found.filter(owner=_owner(args.owner))
    rows = list(found)
    output.table(
        ["TOKEN", "NAME", "OWNER", "FOR", "WHERE", "UNTIL (UTC)", "LAST USED", "STATE"],
        [
            (f"smsops_{each.identifier}", each.name, each.owner.get_username(), ", ".join(each.scopes), each.where,
             f"{each.expires_at:%Y-%m-%d}", f"{each.last_used_at:%Y-%m-%d %H:%M}" if each.last_used_at else "never",
             _state(each))
            for each in rows
        ],
    )  # fmt: skip
    output.data([_as_data(each) for each in rows])
    return GOOD


def _revoke(args: Namespace, output: Output) -> int:
    identifier = args.name.removeprefix(tokens.PREFIX).partition("_")[0]
    token = ApiToken.objects.filter(identifier=identifier).first()
    if token is None:
        raise WrongUse("There is no such token; “ops token list” lists them.")
    tokens.revoke(token, by(args).called)
    output.say(f"“{token.name}” opens nothing any more.")
    output.data(_as_data(token))
    return GOOD


def _owner(name: str) -> User:
    found = get_user_model().objects.filter(username=name).first()
    if found is None:
        raise WrongUse(f"There is no user “{name}”; say whose it is with --owner." if name else "Say --owner NAME.")
    return found


def _as_data(token: ApiToken) -> dict[str, object]:
    return {
        "identifier": token.identifier,
        "name": token.name,
        "owner": token.owner.get_username(),
        "scopes": token.scopes,
        "environments": [each.name for each in token.environments.all()],
        "expires_at": token.expires_at,
        "last_used_at": token.last_used_at,
        "state": _state(token),
    }


def _state(token: ApiToken) -> str:
    if token.revoked_at or token.expired:
        return "revoked" if token.revoked_at else "expired"
    return "useless" if token.stranded else "usable"


VERBS = (
    Verb("token", "keys to the API: make, list, revoke", _arguments, _run, reads=lambda args: args.action == "list"),
)
