"""How somebody watches what goes on: a page that is live, and a run until it tells how it ended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from docs.pictures.browser import Browser
from smsops.models import FINAL, RunState
from tests.places import wait_for
from tests.walks.person import Person

OVER = {RunState(state).label for state in FINAL}
LEFT = re.compile(r"about [\d.]+ (s|min)( \d+ s)? left|longer than the last time|never done here before")
MARK = "document.body.dataset.same = 'yes'"  # what only a reload wipes out
MARKED = "document.body.dataset.same === 'yes'"
SHOWN = """(() => {
  const said = selector => document.querySelector(selector)?.innerText ?? '';
  const bar = document.querySelector('.run-head progress'), log = [...document.querySelectorAll('.step-output')];
  const far = bar.value / bar.max, logs = log.map(each => each.innerText), head = '.run-head .verdict';
  return [said(`${head} .badge`), said(`${head} span:last-child`), said('.now strong'), far, said('.remains'), logs];
})()"""


@dataclass
class Seen:
    """What a run's page showed while it went on, and in the end: its verdict in a word and in a sentence."""

    word: str = ""
    sentence: str = ""
    steps: list[str] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    logs: set[str] = field(default_factory=set)


@contextmanager
def the_same_page(window: Browser) -> Iterator[None]:
    """What comes meanwhile comes without a reload, else it fails."""
    window.run(MARK)
    yield
    assert window.run(MARKED), f"{window.page.url} was loaded anew"


def watch(person: Person, patience: float = 300) -> Seen:
    """Look at a run's page until it tells how it ended, and do nothing. Fails when the page is loaded anew."""
    seen, window = Seen(), person.window

    def over() -> bool:
        seen.word, seen.sentence, step, share, left, logs = window.run(SHOWN)
        for known, new in ((seen.steps, step), (seen.shares, share), (seen.left, left)):
            if new and new not in known:
                known.append(new)
        seen.logs.update(logs)
        return seen.word in OVER

    with the_same_page(window):
        wait_for(over, "the run to end", patience)
    return seen
