"""`python -m docs.roles` writes docs/roles.md from the roles (smsops/roles.py) and the rights there are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

FILE = Path(__file__).with_suffix(".md")
HEAD = """# Who may do what

Five groups come with smsops (*Groups* in the admin); whoever is in several may what any of them may. This page is made
from the table they are made from: `python -m docs.roles`.

"""
TAIL = """
A person is given a role by a superuser: *Users*, the person, *Groups*. Whoever is no member of staff sees nothing of
the admin, and staff without a role see an empty one. Superusers may everything, and alone change users, groups and the
periodic tasks of celery-beat; keep them few.

An operator may change the groups: new versions of smsops then add only what is new, and only to a group that is still
recognizable. Every change of a role or of its members is in the [audit trail](audit.md).
"""


def page() -> str:
    """The whole page as Markdown."""
    from smsops import roles

    told = "".join(f"- **{role}** {roles.TOLD[role]}\n" for role in roles.ROLES)
    return HEAD + told + "\n" + "\n".join((*_table(), "", *_alone())) + "\n" + TAIL


def rights() -> dict[str, str]:
    """Every right there is, by name, and what it is called; those to view are one line of the table."""
    from django.apps import apps

    found = {}
    for options in (model._meta for model in apps.get_models()):
        for verb in options.default_permissions:
            found[f"{options.app_label}.{verb}_{options.model_name}"] = f"Can {verb} {options.verbose_name}"
        found |= {f"{options.app_label}.{codename}": str(words) for codename, words in options.permissions}
    return found


def _table() -> Iterator[str]:
    from smsops import roles

    known = rights()
    may = {role: roles.may(role, known) for role in roles.ROLES}
    yield f"| may | {' | '.join(roles.ROLES)} |"
    yield f"| --- |{' :-: |' * len(roles.ROLES)}"
    yield _line("see the rooms: environments, runs, backups, releases, incidents", [True] * 5)
    for right, words in _ordered(known):
        if right not in roles.SEEN and any(right in may[role] for role in roles.LADDER):
            yield _line(_said(words), [right in may[role] for role in roles.ROLES])
    yield _line("see users, groups, rights, periodic tasks", [role == roles.AUDITOR for role in roles.ROLES])


def _ordered(known: dict[str, str]) -> list[tuple[str, str]]:
    """Those of the first rungs first, then by what they are called."""
    from smsops import roles

    rung = {right: number for number, role in enumerate(roles.LADDER) for right in roles.GAINED[role]}
    return sorted(known.items(), key=lambda each: (rung.get(each[0], 9), each[1]))


def _said(words: str) -> str:
    return words.removeprefix("Can ")


def _line(words: str, cells: list[bool]) -> str:
    return f"| {words} | {' | '.join('yes' if cell else '' for cell in cells)} |".replace("|  ", "| ")


def _alone() -> Iterator[str]:
    from smsops import roles

    known = rights()
    yield "No role has:"
    yield ""
    for right, why in roles.ALONE.items():
        yield f"- *{_said(known[right])}*: it {why}."


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsops.settings")
    import django

    django.setup()
    FILE.write_text(page(), encoding="utf-8")
