"""Opens every list of the admin, with every filter and order it offers, its search and its last page, and the pages of
single rows, as a person would; tells how long the server took and how many questions the database was asked.

The lists are those that are registered, so a new one is measured without a word here.
"""

from __future__ import annotations

import html
import re
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import parse_qs

from django.contrib.admin import site
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from backups.models import Backup
from incidents.models import Incident, PostMortem
from smsops.models import Environment, Run

EACH = 3  # links that differ only in what they are about
WORDS = ("school-0003", "disk", "zzzzqx")  # found a few times, very often, and never
LINK = re.compile(r'href="(\?[^"]+)"')


@dataclass
class Looked:
    """One address: seconds of each time it was asked for, how often the database was asked, and its size in bytes."""

    name: str
    address: str
    taken: list[float] = field(default_factory=list)
    queries: int = 0
    size: int = 0


class Person:
    """Somebody who may see everything, signed in, in this process."""

    def __init__(self) -> None:
        user, _ = User.objects.get_or_create(username="looker", defaults={"is_staff": True, "is_superuser": True})
        self.client = Client(SERVER_NAME="localhost")
        self.client.force_login(user)

    def open(self, name: str, address: str) -> Looked:
        """Ask once, whatever that takes; anything but a page ends the bench."""
        found = Looked(name, address)
        self.again(found)
        return found

    def again(self, found: Looked, times: int = 1) -> None:
        for _ in range(times):
            began = time.perf_counter()
            answer = self.client.get(found.address)
            found.taken.append(time.perf_counter() - began)
            if answer.status_code != 200:
                raise RuntimeError(f"{found.address} answered {answer.status_code}")
            found.size = len(answer.content)

    def count(self, found: Looked) -> int:
        """How many questions the page asks the database."""
        with CaptureQueriesContext(connection) as captured:
            self.client.get(found.address)
        found.queries = len(captured)
        return found.queries

    def text(self, address: str) -> str:
        return self.client.get(address).content.decode()


def lists() -> dict[str, type[Model]]:
    """The lists there are, by their address."""
    return {
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"): model for model in site._registry
    }


def ways_into(person: Person, address: str, model: type[Model]) -> list[str]:
    """Every kind of link the list offers, some of each; its search; its last page."""
    kinds: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for link in dict.fromkeys(html.unescape(each) for each in LINK.findall(person.text(address))):
        kinds[tuple(sorted(parse_qs(link[1:], keep_blank_values=True)))].append(link)
    chosen = [link for links in kinds.values() for link in (links if len(links) <= EACH + 5 else _some(links))]
    if site._registry[model].search_fields:
        chosen += [f"?q={word}" for word in WORDS]
    return [address + link for link in ("", *chosen)]


def _some(links: list[str]) -> list[str]:
    return [links[0], links[len(links) // 2], links[-1]]


def rows() -> Iterator[tuple[str, str]]:
    """The pages of single rows, and those that are about everything."""
    yield "dashboard", reverse("admin:index")
    place = Environment.objects.order_by("pk")[3]
    for model, found in (
        (Environment, place), (Run, Run.objects.filter(environment=place).first()),
        (Backup, Backup.objects.filter(environment=place).first()),
        (Incident, Incident.objects.filter(environment=place).first()), (PostMortem, PostMortem.objects.first()),
    ):  # fmt: skip
        if found is not None:
            yield f"one {model._meta.verbose_name}", found.get_absolute_url()
    deploy = Run.objects.filter(environment=place, kind="deploy").first()
    if deploy is not None:
        yield "one deploy", deploy.get_absolute_url()
    yield from _of_rooms(place)
    yield "search", reverse("admin:incidents_search") + "?q=disk"
    yield "applications", reverse("admin:app_list", args=["smsops"])


def _of_rooms(place: Environment) -> Iterator[tuple[str, str]]:
    """What the dashboards load later and again and again, and the objectives with the longest time they can show."""
    yield "dashboard, again", reverse("admin:incidents_dashboard_live")
    yield "dashboard, later", reverse("admin:incidents_dashboard_later")
    for name, part in (("", ""), (", again", "_live"), (", later", "_later")):
        yield f"dashboard of one{name}", reverse(f"admin:incidents_dashboard_of{part}", args=[place.name])
    objectives = reverse("admin:incidents_objectives")
    of_one = reverse("admin:incidents_objectives_of", args=[place.name])
    yield "objectives", objectives
    yield "objectives, a year", f"{objectives}?days=365"
    yield "objectives of one", of_one
    yield "objectives of one, a year by week", f"{of_one}?days=365"
    month = timezone.localtime() - timedelta(days=40)
    yield "report of a month", reverse("admin:incidents_objectives_month", args=[place.name, f"{month:%Y-%m}"])
    yield "vault", reverse("admin:backups_vault", args=[place.pk])
    yield "runbook", reverse("admin:incidents_runbook_of", args=[place.name])


def worst(taken: list[float]) -> float:
    """The time that one in twenty exceeds."""
    ordered = sorted(taken)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
