"""Playbooks and their versions (I8)."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Subquery

from incidents.models import Incident, Playbook, PlaybookVersion
from smsops.errors import WrongUse


def newest() -> list[PlaybookVersion]:
    """The version in force of every playbook that is suggested, in one query."""
    last = PlaybookVersion.objects.filter(playbook=OuterRef("playbook")).order_by("-number").values("pk")[:1]
    found = PlaybookVersion.objects.filter(playbook__enabled=True, pk=Subquery(last))
    return list(found.select_related("playbook").order_by("playbook__section", "playbook__title"))


def used(incident: Incident) -> PlaybookVersion | None:
    """The version somebody has worked with on this incident last; a later edit does not change it."""
    act = incident.acts.filter(version__isnull=False).select_related("version__playbook").order_by("-at").first()
    return act.version if act is not None else None


def find(key: str) -> PlaybookVersion:
    """The version in force of the playbook of that key; WrongUse naming the known ones."""
    found = PlaybookVersion.objects.filter(playbook__key=key).select_related("playbook").order_by("-number").first()
    if found is None:
        known = ", ".join(Playbook.objects.values_list("key", flat=True)) or "none yet"
        raise WrongUse(f"There is no playbook “{key}”; known are {known}.")
    return found


@transaction.atomic
def edit(playbook: Playbook, said: dict[str, Any], by: str) -> PlaybookVersion:
    """Let it say something else from now on: a new version, unless it says that already."""
    last = playbook.versions.select_for_update().order_by("-number").first()
    if last is not None and last.said == said:
        return last
    number = last.number + 1 if last is not None else 1
    return PlaybookVersion.objects.create(playbook=playbook, number=number, made_by=by, **said)
