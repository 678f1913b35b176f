"""What the deployments add to the dashboard: how changes go, in two lines, and what is overdue, in one."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.http import HttpRequest

from deployments.operations import dora, dora_words
from deployments.services import post_tasks

DAYS = 30


def panel(request: HttpRequest) -> dict[str, Any]:
    """The figures of every environment where something was deployed, and the overdue tasks by environment."""
    found: dict[str, Any] = {"changes_go": {}, "overdue": {}}
    if request.user.has_perm("deployments.view_operation"):
        figures = dora.of_all(DAYS)
        found["changes_go"] = {place: dora_words.two_lines(each) for place, each in figures.items() if each.changes}
    if request.user.has_perm("deployments.view_posttask"):
        late = defaultdict(list)
        for place, title in post_tasks.overdue().values_list("environment_id", "title"):
            late[place].append(title)
        found["overdue"] = {place: ", ".join(titles) for place, titles in late.items()}
    return found
