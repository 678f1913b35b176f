"""The history of an action item, and its moves along its table by people."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from incidents.models import ACTION_TABLE, ActionEntry, ActionItem, ActionState
from incidents.postmortems import drafting, severity
from smsops.errors import WrongUse
from smsops.redact import redact
from smsops.states import IllegalTransition, advance


def note(item: ActionItem, text: str, author: str = "") -> None:
    """Add a line."""
    ActionEntry.objects.create(item=item, text=redact(text), author=author)


@transaction.atomic
def created(item: ActionItem, user: User) -> None:
    """A person has added it: who, and, where they said nothing else, until when."""
    item.created_by = user.get_username()
    item.due_at = item.due_at or default_due(item)
    item.save(update_fields=["created_by", "due_at"])
    note(item, "Added.", item.created_by)


def default_due(item: ActionItem) -> Any:
    """As many days from now as the severity of the incident gives."""
    return timezone.now() + timedelta(days=drafting.rule(severity.worst(item.incident)).action_days)


def accept(item: ActionItem, user: User, text: str = "") -> None:
    """What was proposed will be done; whoever accepts it has it, until they give it to somebody else."""
    fields = {"due_at": item.due_at or default_due(item), "owner": item.owner or user}
    move(item, ActionState.TODO, "Accepted.", user, text, **fields)


def finish(item: ActionItem, user: User, text: str) -> None:
    """A person says that it is done, and what shows it. WrongUse without a word."""
    if not text.strip():
        raise WrongUse("Say what was done: it is the only evidence there is.")
    move(item, ActionState.DONE, "Done.", user, text, done_at=timezone.now(), done_by=user.get_username())


def drop(item: ActionItem, user: User, text: str) -> None:
    """It will not be done. WrongUse without a reason."""
    if not text.strip():
        raise WrongUse("Say why it will not be done.")
    move(item, ActionState.DROPPED, "Dropped.", user, text)


def reopen(item: ActionItem, user: User, text: str) -> None:
    """It was not done after all."""
    fields = {"done_at": None, "done_by": "", "reopened": item.reopened + 1, "held": None}
    move(item, ActionState.TODO, "Opened again.", user, text, **fields)


def move(item: ActionItem, to: str, said: str, user: User | None, text: str, **values: Any) -> bool:
    """Move it, with a line of history in the same transaction. WrongUse where the table has no such way, or somebody
    else was faster; smsops itself (no `user`) is told False then."""
    try:
        with transaction.atomic():
            if not advance(item, ACTION_TABLE, to, **values):
                raise WrongUse("Somebody else has just changed it; look again.")
            note(item, f"{said} {text}".strip(), user.get_username() if user is not None else "")
            return True
    except (IllegalTransition, WrongUse) as error:
        if user is None:
            return False
        if isinstance(error, WrongUse):
            raise
        state, wanted = item.get_state_display().lower(), ActionState(to).label.lower()
        raise WrongUse(f"An action item that is {state} cannot become {wanted}.") from None
