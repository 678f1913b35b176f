"""`ops incident playbook | diagnose`, `ops playbooks`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from incidents.commands.eyes import eyes, eyes_argument
from incidents.commands.incident import add_acts, find_incident, number_argument
from incidents.responses.known import RESPONSES
from incidents.services import diagnosing, playbooks, remedies, suggestions
from smsops.ops.common import by, follow
from smsops.ops.output import Output
from smsops.ops.registry import BAD, GOOD, Verb


def _playbook(args: Namespace, output: Output) -> int:
    incident = find_incident(args.number, eyes(args))
    found = suggestions.of(incident)
    data = []
    for each in found:
        playbook = each.version.playbook
        output.say(f"{playbook.title} ({playbook.key}, version {each.version.number})")
        output.say(f"  because: {'; '.join(each.reasons)}")
        known = remedies.records(incident.environment, playbook.pk, incident.fingerprint)
        rows = []
        for row in each.version.responses:
            response = RESPONSES[row["do"]]
            record = known.get(response.key, remedies.NEVER)
            command = response.typed(incident, row)
            output.say(f"  {command}   {row.get('when', '')} ({record.text})")
            rows.append({"do": response.key, "when": row.get("when", ""), "command": command,
                         "tried": record.tried, "worked": record.worked})  # fmt: skip
        output.say(f"  else: {each.version.fallback}")
        data.append({"playbook": playbook.key, "version": each.version.number, "points": each.points,
                     "reasons": each.reasons, "responses": rows})  # fmt: skip
    if not found:
        output.say("No playbook fits by itself; “ops playbooks” lists them.")
    output.data(data)
    return GOOD if found else BAD


def _playbook_arguments(parser: ArgumentParser) -> None:
    number_argument(parser)
    eyes_argument(parser)


def _diagnose_arguments(parser: ArgumentParser) -> None:
    number_argument(parser)
    eyes_argument(parser)
    parser.add_argument("--playbook", default="", metavar="KEY", help="by this one, not by the one that fits best")
    parser.add_argument("--reason", default="", help="why; it goes into the record")
    parser.add_argument("--wait", action="store_true", help="wait for the verdict and show the progress")


def _diagnose(args: Namespace, output: Output) -> int:
    run = diagnosing.start(find_incident(args.number, eyes(args)), by(args), args.playbook)
    code = follow(run, args, output)
    for act in run.environment.incidents.get(pk=args.number).acts.filter(run=run):
        output.say(f"  {act.verdict:8} {act.title}: {act.text}")
    return code


def _playbooks(args: Namespace, output: Output) -> int:
    found = playbooks.newest()
    output.table(
        ["PLAYBOOK", "RUNBOOK", "VERSION", "TITLE"],
        [(each.playbook.key, each.playbook.section, each.number, each.playbook.title) for each in found],
    )
    output.data([{"playbook": each.playbook.key, "version": each.number, **each.said} for each in found])
    return GOOD


add_acts(
    Verb(
        "playbook", "which playbook fits it, why, and what helped how often", _playbook_arguments, _playbook, reads=True
    ),
    Verb("diagnose", "go through the diagnosis of its playbook", _diagnose_arguments, _diagnose),
)
PLAYBOOKS = Verb("playbooks", "the playbooks there are (runbook §5.3)", lambda parser: None, _playbooks, reads=True)
