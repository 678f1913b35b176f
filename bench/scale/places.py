"""The environments themselves and what there is once or a few times of each; the people who look after them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from backups.models import LogFollowing, OffsiteVault, RetentionPolicy
from bench.scale import writing
from bench.scale.world import VERSIONS, World
from bench.scale.writing import numbers, put
from deployments import versions
from deployments.models import Release
from incidents.models import (
    AlertSource,
    Contact,
    Detection,
    EscalationPolicy,
    LogFile,
    LogPosition,
    LogSource,
    Rota,
    RotaMember,
    Survey,
    Team,
    Watch,
)
from smsops.models import Environment

Rows = Iterator[dict[str, Any]]


def fill(world: World) -> None:
    """Make the environments that are not there yet through the product, so that each has its tasks and its schedule,
    and the rest as rows."""
    _people(world)
    with transaction.atomic():
        known = Environment.objects.count()
        world.places = [_environment(world, number) for number in range(known, world.environments)]
        for place in world.places:
            place.save()
    writing.begin()
    put(Watch, _watches(world))
    put(Survey, ({"environment_id": place.pk, "next_at": world.now} for place in world.places))
    put(Detection, ({"environment_id": place.pk} for place in world.places))
    put(LogPosition, ({"environment_id": place.pk} for place in world.places))
    put(RetentionPolicy, ({"environment_id": place.pk, "tidied_at": world.now} for place in world.places))
    put(LogFollowing, _followed(world))
    put(OffsiteVault, _vaults(world))
    put(AlertSource, _sources(world))
    put(Release, _releases(world))
    put(LogSource, _log_sources(world))
    put(LogFile, _log_files(world, list(LogSource.objects.filter(environment__in=world.places))))


def _environment(world: World, number: int) -> Environment:
    name = f"school-{number:04}"
    return Environment(
        name=name, title=f"School {number:04}", runtime="process", volume="", instance=f"{name}-app",
        data_path=f"/nowhere/{name}/data", releases_path=f"/nowhere/{name}/releases",
        base_url=f"http://127.0.0.1:9/{name}", host_port=9, created_at=world.now - timedelta(days=world.days),
    )  # fmt: skip


def _people(world: World) -> None:
    User.objects.bulk_create(
        [User(username=f"person{number:02}", email=f"person{number:02}@example.org", is_staff=True)
         for number in range(world.people)], ignore_conflicts=True,
    )  # fmt: skip
    people = list(User.objects.filter(username__startswith="person").order_by("pk"))
    Contact.objects.bulk_create([Contact(user=each, address=each.email, label="mail") for each in people])
    for number in range(4):
        team, _ = Team.objects.get_or_create(name=f"Team {number}")
        team.members.set(people[number::4])
        rota, _ = Rota.objects.get_or_create(name=f"Rota {number}")
        RotaMember.objects.bulk_create(
            [RotaMember(rota=rota, user=each, position=at) for at, each in enumerate(people[number::4], 1)],
            ignore_conflicts=True,
        )
    EscalationPolicy.objects.get_or_create(name="Everything of the schools", defaults={"enabled": False})


def _watches(world: World) -> Rows:
    for place in world.places:
        yield {"environment_id": place.pk, "looked_at": world.now, "asked_at": world.now, "status": "healthy",
               "ready": True, "release": VERSIONS[-1], "response_ms": 12, "next_look_at": world.now}  # fmt: skip


def _followed(world: World) -> Rows:
    for place in world.places:
        if world.is_followed(place):
            yield {"environment_id": place.pk, "looked_at": world.now, "kept_at": world.now, "commits": 100_000,
                   "enabled": False}  # fmt: skip


def _vaults(world: World) -> Rows:
    for place in world.places:
        if world.has_offsite(place):
            yield {"id": next(numbers(OffsiteVault)), "environment_id": place.pk, "name": "away", "kind": "s3",
                   "bucket": "schools", "prefix": place.name, "copied_at": world.now}  # fmt: skip


def _sources(world: World) -> Rows:
    for place in world.places:
        yield {"id": next(numbers(AlertSource)), "environment_id": place.pk, "name": f"{place.name} prometheus",
               "token_sha256": f"{world.seed:032}{place.pk:032}", "last_heard_at": world.now,
               "resolves_seen": True}  # fmt: skip


def _releases(world: World) -> Rows:
    for place in world.places:
        for number, version in enumerate(VERSIONS):
            at = world.now - timedelta(days=world.days * (1 - number / len(VERSIONS)))
            yield {"id": next(numbers(Release)), "environment_id": place.pk, "version": version,
                   "order": versions.sort_key(version), "git_ref": f"v{version}", "image_id": f"tree:{version}",
                   "changelog": f"Release {version}: the timetable can be printed.", "imported_at": at,
                   "released_on": at.date(), "heads": "c41d7e90ab52"}  # fmt: skip


def _log_sources(world: World) -> Rows:
    for place in world.places:
        yield {"id": next(numbers(LogSource)), "environment_id": place.pk, "instance_id": f"i{place.pk}",
               "name": place.instance, "version": VERSIONS[-1]}  # fmt: skip


def _log_files(world: World, sources: list[LogSource]) -> Rows:
    for source in sources:
        for number in range(min(30, world.days)):
            day = (world.now - timedelta(days=number)).date()
            yield {"id": next(numbers(LogFile)), "source_id": source.pk, "day": day, "path": f"{source.pk}/{day}.zst",
                   "size": 90_000, "raw_size": 900_000, "lines": 6_000, "changed_at": world.now}  # fmt: skip
