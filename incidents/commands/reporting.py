"""`ops incident report | fact`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from incidents.commands.eyes import eyes
from incidents.commands.incident import add_acts, find_incident, find_person, number_argument, person_argument, show
from incidents.models import Issue, Severity
from incidents.privacy import PERMISSION
from incidents.services import reports
from incidents.services.reports import BY_HAND, Report
from smsops.ops.common import environment_argument, find_environment
from smsops.ops.output import Output
from smsops.ops.registry import GOOD, Verb


def _report_arguments(parser: ArgumentParser) -> None:
    environment_argument(parser)
    parser.add_argument("title", help="what is wrong, in a few words")
    parser.add_argument("--severity", required=True, choices=Severity.values)
    parser.add_argument("--issue", default=Issue.UNKNOWN.value, choices=Issue.values, help="kind of issue (unknown)")
    parser.add_argument("--seen", default="", help="what was seen: by whom, when, where")
    parser.add_argument("--private", action="store_true", help="only for those who may see private incidents")
    parser.add_argument("--drill", action="store_true", help="played on purpose: nobody is paged")
    person_argument(parser)


def _report(args: Namespace, output: Output) -> int:
    person, environment = find_person(args.user), find_environment(args.environment)
    told = Report(args.title, args.severity, args.issue, args.seen, args.private, args.drill)
    incident = reports.report(environment, told, person)
    if not incident.private or person.has_perm(PERMISSION):
        return show(incident, output)
    output.say("It is reported. Those who may see it take it on.")
    output.data({"private": True})
    return GOOD


def _fact_arguments(parser: ArgumentParser) -> None:
    number_argument(parser)
    parser.add_argument("kind", choices=[kind.value for kind in BY_HAND])
    parser.add_argument("text", help="what it is, and how it is known")
    person_argument(parser)


def _fact(args: Namespace, output: Output) -> int:
    person, incident = find_person(args.user), find_incident(args.number, eyes(args))
    reports.establish(incident, args.kind, args.text, person)
    return show(incident, output)


add_acts(
    Verb("report", "open an incident that smsops did not notice, or a drill", _report_arguments, _report),
    Verb("fact", "establish what smsops cannot find out by itself", _fact_arguments, _fact),
)
