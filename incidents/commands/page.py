"""`ops page TEST --to USER`: find out by day whether a page would arrive by night."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from incidents.commands.incident import find_person
from incidents.models import Page, PageState
from incidents.services import outbox, trials
from smsops.ops.common import by
from smsops.ops.output import Output
from smsops.ops.registry import BAD, GOOD, Verb


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("what", choices=["TEST", "test"], help="TEST: a message that says it is one")
    parser.add_argument("--to", required=True, metavar="USER", help="whom; by every way they have")


def _page(args: Namespace, output: Output) -> int:
    written = trials.to_person(find_person(args.to), by(args).name)
    outbox.send_due()
    found = list(Page.objects.filter(pk__in=[page.pk for page in written]).select_related("contact"))
    rows = [
        (page.contact.way_label if page.contact else "e-mail", page.get_state_display(), page.problem) for page in found
    ]
    output.table(["BY", "STATE", "PROBLEM"], rows)
    output.data(
        [
            {"by": way, "state": page.state, "problem": page.problem}
            for page, (way, _, _) in zip(found, rows, strict=True)
        ]
    )
    return GOOD if all(page.state == PageState.SENT for page in found) else BAD


PAGE = Verb("page", "send somebody a test message by every way they have", _arguments, _page)
