"""`ops page TEST --to USER`: find out by day whether a page would arrive by night."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from incidents.commands.incident import find_person
from incidents.models import Page, PageState
from incidents.services import outbox, trials
from smsops.ops.common import by
from smsops.ops.output import Output
from smsops.ops.registry import BAD, GOOD, Verb

WAITS = (
    "It waits behind other messages, or a worker is sending it: the list of pages in the admin says what comes of it."
)


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("what", choices=["TEST", "test"], help="TEST: a message that says it is one")
    parser.add_argument("--to", required=True, metavar="USER", help="whom; by every way they have")


def _page(args: Namespace, output: Output) -> int:
    written = trials.to_person(find_person(args.to), by(args).name)
    outbox.send_due()
    found = list(Page.objects.filter(pk__in=[page.pk for page in written]).select_related("contact"))
    output.table(["BY", "STATE"], [(_way(page), page.get_state_display()) for page in found])
    for said in dict.fromkeys(filter(None, map(_told, found))):
        output.say(said)
    output.data([{"by": _way(page), "state": page.state, "problem": page.problem} for page in found])
    return GOOD if all(page.state == PageState.SENT for page in found) else BAD


def _way(page: Page) -> str:
    return page.contact.way_label if page.contact else "e-mail"


def _told(page: Page) -> str:
    """Why it has not gone out, and whether somebody goes on with it; empty where it has."""
    if page.state == PageState.FAILED:
        return f"{page.problem} It is not tried again."
    if page.state == PageState.PENDING and page.problem:
        return f"{page.problem} It is tried a few times more by itself."
    return WAITS if page.state in (PageState.PENDING, PageState.SENDING) else ""


PAGE = Verb("page", "send somebody a test message by every way they have", _arguments, _page)
