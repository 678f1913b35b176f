"""`ops alerts` and `ops silence`: what fires, and that it wakes nobody for a while."""

from __future__ import annotations

import re
from argparse import ArgumentParser, Namespace
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from incidents.commands.eyes import eyes, eyes_argument
from incidents.models import Alert, AlertState, Silence
from incidents.privacy import seen_by
from incidents.services.episodes import OPEN
from smsops.errors import WrongUse
from smsops.ops.common import by, environment_argument, find_environment
from smsops.ops.output import Output
from smsops.ops.registry import BAD, GOOD, Verb
from smsops.text import age_text

MOST = 500  # a list to be read
_SPAN = re.compile(r"(\d{1,5})([mhd])")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def _alerts_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("environment", nargs="?", help="only this environment")
    eyes_argument(parser)
    parser.add_argument("--all", action="store_true", help="those that are over as well, the newest first")


def _alerts(args: Namespace, output: Output) -> int:
    found = Alert.objects.select_related("source__environment").filter(seen_by(eyes(args), "incident__"))
    if args.environment:
        found = found.filter(source__environment=find_environment(args.environment))
    if not args.all:
        found = found.filter(state__in=OPEN)
    shown = list(found[:MOST])
    output.table(
        ["STATE", "SEVERITY", "ENVIRONMENT", "ALERT", "SINCE", "LAST HEARD", "INCIDENT", "WHAT"], map(_row, shown)
    )
    if len(shown) == MOST:
        output.say(f"These are the last {MOST}.")
    output.data([_data(alert) for alert in shown])
    loud = found.filter(state=AlertState.FIRING, quiet="").exists()
    return BAD if loud else GOOD


def _row(alert: Alert) -> tuple[Any, ...]:
    now = timezone.now()
    return (
        alert.get_state_display() + (" (quiet)" if alert.quiet and alert.state == AlertState.FIRING else ""),
        alert.severity, alert.source.environment.name, alert.name, age_text(now - alert.first_at),
        age_text(now - alert.last_at), alert.incident_id or "-", alert.text.replace("\n", " ")[:100],
    )  # fmt: skip


def _data(alert: Alert) -> dict[str, Any]:
    names = ("name", "state", "severity", "issue", "text", "labels", "url", "first_at", "last_at", "times", "quiet")
    return {
        "alert": alert.pk, "environment": alert.source.environment.name, "source": alert.source.name,
        "incident": alert.incident_id, **{name: getattr(alert, name) for name in names},
    }  # fmt: skip


def _silence_arguments(parser: ArgumentParser) -> None:
    environment_argument(parser)
    parser.add_argument("match", nargs="+", metavar="LABEL=PATTERN", help="all must fit, like alertname=High*")
    parser.add_argument("--for", dest="span", required=True, metavar="SPAN", help="30m, 2h or 1d; 7d at most")
    parser.add_argument("--reason", required=True, help="why; people see it on the alerts")


def _silence(args: Namespace, output: Output) -> int:
    span = _SPAN.fullmatch(args.span)
    if span is None:
        raise WrongUse(f"“{args.span}” is no span of time; write 30m, 2h or 1d.")
    pairs = [word.partition("=") for word in args.match]
    if any(not mark or not name for name, mark, _ in pairs):
        raise WrongUse("Write labels as NAME=PATTERN, like alertname=HighErrorRate.")
    now = timezone.now()
    silence = Silence(
        environment=find_environment(args.environment), match={name: pattern for name, _, pattern in pairs},
        starts_at=now, ends_at=now + int(span[1]) * _UNITS[span[2]], reason=f"{args.reason} ({by(args).name})"[:300],
    )  # fmt: skip
    try:
        silence.full_clean()
    except ValidationError as error:
        raise WrongUse(" ".join(error.messages)) from None
    silence.save()
    output.say(f"Silenced until {silence.ends_at:%Y-%m-%d %H:%M} UTC; it ends by itself.")
    output.data({"silence": silence.pk, "ends_at": silence.ends_at, "match": silence.match})
    return GOOD


ALERTS = Verb(
    "alerts", "alerts from elsewhere; exit code 0 when none fires aloud", _alerts_arguments, _alerts, reads=True
)
SILENCE = Verb("silence", "let certain alerts wake nobody for a while", _silence_arguments, _silence)
