"""What smsops itself proposes to do after an incident; a person accepts it or drops it."""

from __future__ import annotations

from typing import Any

from incidents.documents import markdown
from incidents.models import ActionItem, ActionKind, ActionState, Incident
from smsops.text import seconds_text

PLAYBOOK = "playbook"


def propose(incident: Incident, measured: dict[str, Any]) -> ActionItem | None:
    """The closing of the loop (runbook §5.2: “update runbooks/playbooks”), once for each incident, whatever became of
    it since; None where it was proposed already."""
    texts = {
        "title": f"Update the playbook: {incident.title}"[:200],
        "detail": "\n".join(f"- {line}" for line in _reasons(measured)),
    }
    fields = {"kind": ActionKind.PLAYBOOK, "state": ActionState.PROPOSED, **texts}
    item, new = ActionItem.objects.get_or_create(incident=incident, key=PLAYBOOK, defaults=fields)
    return item if new else None


def _reasons(measured: dict[str, Any]) -> list[str]:
    """What the record has to say to whoever reads the playbook next."""
    found = [f"{each['name']} was missed: {seconds_text(each['seconds'])}, {each['told']}."
             for each in measured["objectives"] if each["verdict"] == "missed"]  # fmt: skip
    found += [f"Level {page['level']}: {page['person']} was paged and did not answer."
              for page in measured["pages"] if not page["answer"]]  # fmt: skip
    found += [f"What was run: {run['title']} ({run['verdict'].lower()})." for run in measured["runs"]]
    if not measured["runs"]:
        found.append("Nothing was run from here: how it was ended is in nobody's playbook yet.")
    return [markdown.escape(line) for line in found]
