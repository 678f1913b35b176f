"""Looks at a page for those who see little, see badly in the dark, or hold a telephone; and at whom it asks for what.

What is wrong comes as sentences. The rules are axe-core's (https://dequeuniversity.com/rules/axe/).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import axe_playwright_python
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from docs.pictures.browser import DESK, PHONE, Browser

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
COLOURS = ["color-contrast", "link-in-text-block"]
THUMBS = ["target-size"]
BORNE = ("minor",)  # what only looks untidy
# What is folded in is a part of the page as well. A change of colours that is under way has neither colour.
WHOLE = """() => {
  for (const each of document.querySelectorAll("details")) each.open = true;
  for (const each of document.getAnimations())
    if (each.effect.getComputedTiming().endTime !== Infinity) each.finish();
}"""
# A menu that lies over the page hides what is below it from a thumb for as long as it is open.
LYING_FLAT = """() => {
  const floats = (each) => [...each.children].some((part) => getComputedStyle(part).position === "absolute");
  for (const each of document.querySelectorAll("details")) if (floats(each)) each.open = false;
}"""
RUN = """rules => axe.run(document, {
  resultTypes: ["violations"], preload: false, ...(rules ? { runOnly: { type: "rule", values: rules } } : {}),
}).then(found => found.violations.map(each => ({
  rule: each.id, impact: each.impact, help: each.help,
  where: each.nodes.map(node => [...node.target, ...node.any.concat(node.all).map(it => it.message)].join(" ")),
})))"""
WIDE = """() => {
  const width = document.documentElement.scrollWidth;
  return width > innerWidth ? [`it is ${width} pixels wide in a window of ${innerWidth}`] : [];
}"""


def enter(window: Browser, root: str, user: User) -> None:
    """Sign somebody in without the form, which has tests of its own."""
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    window.page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": root}])


def complaints(window: Browser, root: str, address: str, status: int = 200) -> list[str]:
    """Open a page, and say what is wrong with it at a desk by day and by night, and on a telephone."""
    window.look(DESK)
    window.said.clear()
    window.asked.clear()
    answer = window.page.goto(root + address)
    code = answer.status if answer else 0
    return [f"it answers {code}"] * (code != status) + looked_over(window, root, status)


def looked_over(window: Browser, root: str, status: int = 200) -> list[str]:
    """The same of the page that is open."""
    late = window.page.locator("#later[data-url]")
    if late.count():
        window.page.wait_for_selector("#later[data-came]", state="attached")
    window.page.evaluate(AXE)
    found = [*seen(window, "by day"), *window.page.evaluate(WIDE)]
    window.look(DESK, dark=True)
    found += seen(window, "by night", COLOURS)
    window.look(PHONE)
    found += [*seen(window, "on a telephone", THUMBS), *window.page.evaluate(WIDE)]
    return [*found, *said(window, status), *strangers(window, root)]


def seen(window: Browser, when: str, rules: list[str] | None = None) -> list[str]:
    """What axe-core finds, of these rules or of all that are on by themselves."""
    window.page.evaluate(WHOLE)
    if rules is THUMBS:
        window.page.evaluate(LYING_FLAT)
    found: list[dict[str, Any]] = window.page.evaluate(RUN, rules)
    return [
        f"{when}: {each['rule']} ({each['impact']}): {where}"
        for each in found
        if each["impact"] not in BORNE
        for where in each["where"]
    ]


def said(window: Browser, status: int = 200) -> list[str]:
    """What the console says, refusals of the content security policy among it. That an error page is an error is no
    complaint of the page."""
    own = f"{window.page.url}: Failed to load resource: the server responded with a status of {status} "
    return [each for each in window.said if not each.startswith(own)]


def strangers(window: Browser, root: str) -> list[str]:
    """Whom else it asked for something."""
    return [f"it asks {each}" for each in window.asked if not each.startswith((f"{root}/", "data:"))]
