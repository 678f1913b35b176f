"""What of an entry some people may not read: other rooms say what an object's secrecy hangs on, and who is kept out.

The trail itself cannot be changed when something becomes private later. So an entry has a scope, like “incident:7”,
from the beginning, and whoever may not see that scope now reads no more of it than the object's number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import Model

Scope = Callable[[Model], str]
Hidden = Callable[[Any], Sequence[str]]
_RULES: list[tuple[Scope, Hidden]] = []

PRIVATE = "private"  # the scope of what is private from the beginning, before there is an object for it


def add_rule(scope: Scope, hidden: Hidden) -> None:
    """`scope` tells what an object hangs on, empty where it does not; `hidden` which scopes a person may not see."""
    if (scope, hidden) not in _RULES:
        _RULES.append((scope, hidden))


def scope_of(target: Model | None) -> str:
    """What decides who may read more than the number of this object; empty where everybody may who sees the trail."""
    if target is None:
        return ""
    return next((found for scope, _ in _RULES if (found := scope(target))), "")


def hidden_from(user: Any) -> list[str]:
    """The scopes this person may not see."""
    return [scope for _, hidden in _RULES for scope in hidden(user)]
