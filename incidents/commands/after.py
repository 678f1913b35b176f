"""`ops postmortem N` and `ops actions`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from incidents.actions import words as action_words
from incidents.commands.eyes import eyes, eyes_argument
from incidents.commands.incident import find_incident, find_person
from incidents.documents import markdown, pdf
from incidents.models import ActionItem, ActionState, PostMortem
from incidents.postmortems import drafting, reading
from incidents.privacy import seen_by
from smsops.errors import OpsError, WrongUse
from smsops.ops.common import find_environment
from smsops.ops.output import Output
from smsops.ops.registry import BAD, GOOD, Said, Verb


def _postmortem_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("number", type=int, help="number of the incident")
    parser.add_argument("--out", default="", metavar="FILE", help="write it there, as .md or .pdf")
    parser.add_argument("--draft", action="store_true", help="begin one where the severity did not ask for it")
    eyes_argument(parser)


def _postmortem(args: Namespace, output: Output) -> int:
    incident = find_incident(args.number, eyes(args))
    if args.draft:
        drafting.measure(drafting.begin(incident).pk)
    found = PostMortem.objects.select_related("incident__environment", "approved_by").filter(incident=incident).first()
    if found is None:
        raise WrongUse(f"Incident {incident.pk} has no post-mortem; “ops postmortem {incident.pk} --draft” begins one.")
    document = reading.document(found)
    text = markdown.of(document)
    if args.out:
        _write(Path(args.out), document.title, text)
        output.say(f"Written to {args.out}.")
    else:
        output.say(text)
    output.data({"incident": incident.pk, "state": found.state, "version": found.version, "due_at": found.due_at,
                 "texts": found.texts, "measured": found.measured})  # fmt: skip
    return GOOD


def _said(args: Namespace) -> Said:
    return Said("", ("incident", str(args.number)))


def _write(path: Path, title: str, text: str) -> None:
    if path.suffix not in (".md", ".pdf"):
        raise WrongUse(f"“{path.name}” ends in neither .md nor .pdf.")
    data = pdf.of(title, text) if path.suffix == ".pdf" else text.encode()
    try:
        path.write_bytes(data)
    except OSError as error:
        raise OpsError(f"{path} cannot be written: {error.strerror}.") from error


def _actions_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("environment", nargs="?", default="", help="only of this environment")
    parser.add_argument("--user", default="", help="only what this person has")
    parser.add_argument("--overdue", action="store_true", help="only what should be done by now; exit code 1 if any is")
    parser.add_argument("--all", action="store_true", help="also what is done or dropped")
    eyes_argument(parser)


def _actions(args: Namespace, output: Output) -> int:
    found = ActionItem.objects.filter(seen_by(eyes(args), "incident__"))
    found = found.select_related("incident__environment", "owner")
    if args.environment:
        found = found.filter(incident__environment=find_environment(args.environment))
    if args.user:
        found = found.filter(owner=find_person(args.user))
    if not args.all:
        found = found.filter(state__in=[ActionState.PROPOSED, ActionState.TODO])
    items = [item for item in found if item.overdue or not args.overdue]
    output.table([name.upper() for name in action_words.HEAD], [action_words.line(item) for item in items])
    output.data([action_words.as_data(item) for item in items])
    return BAD if args.overdue and items else GOOD


VERBS = (
    Verb(
        "postmortem",
        "the post-mortem of an incident, as Markdown or PDF",
        _postmortem_arguments,
        _postmortem,
        reads=lambda args: not (args.out or args.draft),
        said=_said,
    ),
    Verb("actions", "what is to be done after incidents, and what proves it", _actions_arguments, _actions, reads=True),
)
