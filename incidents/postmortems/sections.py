"""What people add to a post-mortem (SRE book, Jeli): headings, and hints that ask for causes, not for names."""

from __future__ import annotations

from incidents.documents.parts import Told

SECTIONS: dict[str, tuple[str, str]] = {
    "summary": ("In short", "Two or three sentences for somebody who was not there."),
    "impact": ("What people felt", "What could they not do? What did it cost them? The numbers are beside it already."),
    "cause": (
        "Why it happened",
        "The root cause and what set it off. Ask what made it possible and easy, not who did it.",
    ),
    "well": ("What went well", "What should be kept, and relied on next time?"),
    "badly": ("What went wrong", "Where was time lost? What was missing: an alert, a page, a right, a playbook?"),
    "luck": ("Where we got lucky", "What would have made it worse, and only by chance did not happen?"),
    "surprises": ("What surprised us", "What did the people on it believe that turned out not to be so?"),
    "themes": ("What else shares this", "Other systems, releases or incidents with the same weakness."),
}
LONGEST = 50_000  # characters of one section
CHECKLIST: dict[str, str] = {
    "data": "The key data is there: what the record could not know by itself was added.",
    "impact": "The impact is complete.",
    "cause": "The root cause is deep enough: it says why it was possible, not only what failed.",
    "actions": "The plan of action is right, and so are its priorities, owners and dates.",
    "shared": "Those whom it concerns know of it, or will by publishing it.",
}


def told(texts: dict[str, str], *, empty: bool = True) -> list[Told]:
    """What people wrote, in the order of the headings; without `empty` only where they wrote something."""
    found = [Told(key, title, texts.get(key, ""), hint) for key, (title, hint) in SECTIONS.items()]
    return [each for each in found if empty or each.text]
