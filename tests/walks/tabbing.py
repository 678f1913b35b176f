"""Goes through a page with the key Tab alone, as somebody without a mouse does; what is wrong comes as sentences."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from docs.pictures.browser import Browser

SKIP = ".skip-to-content-link"
# A page that is live replaces its elements: each goes by a name, which its successor has as well.
NAMES = """() => {
  const seen = new Map(), chosen = new Map();
  const all = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")];
  window.nameOf = element => window.walked.get(element) || element.tagName;
  window.walked = new Map();
  for (const each of all) {
    const own = each.id || each.name || each.getAttribute("href") || each.innerText.trim().slice(0, 40);
    const name = `${each.tagName.toLowerCase()} ${own}`, times = (seen.get(name) || 0) + 1;
    seen.set(name, times);
    window.walked.set(each, times > 1 ? `${name} (${times})` : name);
  }
  return all.filter(each => {
    if (each.disabled || each.type === "hidden" || each.tabIndex < 0) return false;
    if (!each.checkVisibility({ visibilityProperty: true })) return false;
    if (each.type !== "radio") return true;
    const group = all.filter(other => other.type === "radio" && other.name === each.name);
    return each === (group.find(other => other.checked) || group[0]); // the arrows lead to the others
  }).map(window.nameOf);
}"""
STOP = """() => {
  const here = document.activeElement;
  if (!here || here === document.body) return null;
  if (!window.walked || !window.walked.has(here)) (NAMES)();
  const box = here.getClientRects()[0], whole = here.getBoundingClientRect();
  const x = Math.min(Math.max(box.x + box.width / 2, 1), innerWidth - 2), y = box.y + Math.min(box.height, 40) / 2;
  const over = document.elementFromPoint(x, y);
  const style = getComputedStyle(here), outlined = style.outlineStyle !== "none" && style.outlineWidth !== "0px";
  const labels = [...(here.labels || [])].map(each => each.innerText).join(" ");
  const words = here.getAttribute("aria-label") || labels || here.innerText || here.value || "";
  return {
    name: window.nameOf(here), tag: here.tagName, words: words.replace(/\\s+/g, " ").trim().replace(/:$/, ""),
    marked: outlined, seen: whole.width > 0 && Boolean(over) && (here.contains(over) || over.contains(here)),
    x: whole.x, y: whole.y + scrollY, bottom: whole.bottom + scrollY, scrolls: here.tabIndex < 0,
  };
}""".replace("(NAMES)", f"({NAMES})")
NEVER = "nothing else any more"
NEARLY = 4.0  # pixels; things in a row do not begin at the same height


@dataclass(frozen=True)
class Stop:
    """Where the focus was, and whether one could see that it was there. `words`: what it is called on the page."""

    name: str
    tag: str
    words: str
    marked: bool
    seen: bool
    scrolls: bool
    x: float
    y: float
    bottom: float


def stop(window: Browser) -> Stop | None:
    """Where the focus is; nowhere after the last and before the first."""
    found: dict[str, Any] | None = window.page.evaluate(STOP)
    return Stop(**found) if found else None


def press(window: Browser, key: str = "Tab") -> Stop | None:
    window.page.keyboard.press(key)
    return stop(window)


def walk(window: Browser) -> tuple[list[str], list[Stop]]:
    """What there is to be reached on the page that is open, and where Tab leads, from the link over everything on."""
    there: list[str] = window.page.evaluate(NAMES)
    window.page.focus(SKIP)
    first = stop(window)
    assert first is not None
    stops, here = [first], press(window)
    for _ in range(4 * len(there) + 40):
        if here is None or here.name == first.name:
            break
        if here.name != stops[-1].name:  # a date has several fields inside
            stops.append(here)
        here = press(window)
    else:
        stops.append(Stop(NEVER, "", "", True, True, False, 0, stops[-1].bottom, 0))
    return there, stops


def complaints(window: Browser) -> list[str]:
    """What keeps somebody with nothing but a keyboard from the page that is open."""
    there, stops = walk(window)
    reached = [each.name for each in stops]
    found = [f"Tab does not lead to {name}" for name in there if name not in reached]
    found += [f"Tab leads to {each.name}, which is not to be seen" for each in stops[1:] if not each.seen]
    found += [f"nothing marks {each.name}" for each in stops if not each.marked]
    found += [f"Tab leads to {reached[-2]} and never out again"] if reached[-1] == NEVER else []
    known = [name for name in reached if name in there]
    if not found and known != there:
        found.append(f"Tab leads from one to another as the page is not written: {known}")
    return found + [
        f"from {before.name} Tab leads back to {after.name}"
        for before, after in pairwise(stops[1:])
        if after.y < before.bottom - NEARLY and after.x < before.x
    ]
