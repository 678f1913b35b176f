"""The `filters` of lists and events: what a visitor may see of others is what these leave out."""

from __future__ import annotations

from typing import Any

from smsops.door import plain, strict_json
from smsops.door.knowledge import Knowledge
from smsops.door.rules import ENVIRONMENT
from smsops.door.verdicts import Answered, Call, Forward, Refused

Filters = dict[str, list[str]]


def given(call: Call, *known: str) -> Filters:
    """The filters of a request: lists of text under known names, also where they were written as the CLI does."""
    found = plain.mapping("filters", strict_json.loads(call.query.get("filters") or "{}"))
    if set(found) - set(known):
        raise Refused(f"the filter {min(set(found) - set(known))[:60]}")
    return {key: _listed(key, value) for key, value in found.items()}


def _listed(key: str, value: Any) -> list[str]:
    if isinstance(value, dict) and all(kept is True for kept in value.values()):
        return list(value)
    return plain.texts(key, value)


def narrowed(call: Call, filters: Filters) -> Forward:
    """The same request with these filters."""
    return Forward(call.path, {**call.query, "filters": strict_json.dumps(filters)})


async def containers(call: Call, knows: Knowledge) -> Forward:
    """A list of containers shows those of one environment."""
    filters = given(call, "label", "name", "id", "status")
    own = [label for label in filters.get("label", ()) if label.startswith(f"{ENVIRONMENT}=")]
    if not any(knows.rules.labelled({ENVIRONMENT: label.partition("=")[2]}) for label in own):
        raise Refused(f"a list of containers without the filter {ENVIRONMENT}=NAME of an environment it knows")
    return narrowed(call, filters)


async def events(call: Call, knows: Knowledge) -> Forward:
    """Events are told of SMS's containers, each by its id, or of what smsops labelled."""
    filters = given(call, "type", "container", "event", "label")
    if filters.setdefault("type", ["container"]) != ["container"]:
        raise Refused("events of anything but containers")
    try:
        found = [await knows.container(each) for each in filters.get("container", ())]
    except Answered:  # it went a moment ago
        found = []
    if found:
        filters["container"] = [each["Id"] for each in found]
    else:
        labels = [f"{ENVIRONMENT}={each.name}" for each in knows.rules.environments]
        if len(set(filters.get("label", ())) & set(labels)) != 1:
            raise Refused(f"events without a container or the filter {ENVIRONMENT}=NAME of an environment it knows")
    return narrowed(call, filters)


async def images(call: Call, knows: Knowledge) -> Forward:
    """A list of images shows those of the allowed repositories."""
    filters = given(call, "reference", "dangling", "label")
    wanted = filters.setdefault("reference", sorted(knows.rules.images))
    foreign = [each for each in wanted if not {each, each.rpartition(":")[0]} & knows.rules.images]
    if foreign or not wanted:
        raise Refused(f"a list of the images {', '.join(foreign)[:80] or 'of everybody'}")
    return narrowed(call, filters)


async def networks(call: Call, knows: Knowledge) -> Forward:
    """A list of networks asks for allowed ones by name."""
    filters = given(call, "name")
    if not filters.get("name") or set(filters["name"]) - knows.rules.networks:
        raise Refused("a list of networks other than its own, by name")
    return narrowed(call, filters)
