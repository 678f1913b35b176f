"""Keeps the vault tidy: lets old backups go by the policy, sweeps up loose packs, rebuilds the catalogue (B3, B7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from backups import retention, selectors
from backups.models import Backup, LetGo, LogFollowing, Proof, Reason, Replica, RetentionPolicy
from backups.retention import Point, Rules, Verdict
from backups.services import logs, schedule, storing
from smsops.errors import OpsError
from smsops.models import Environment, Run
from smsops.runs.plan import By, Plan, PlannedStep, submit
from smsops.text import count_text

Needs = Callable[[Environment], dict[str, str]]
_NEEDS: list[Needs] = []


def add_needs(needs: Needs) -> None:
    """Let another room say which backups it needs: by identifier, and why."""
    if needs not in _NEEDS:
        _NEEDS.append(needs)


Chore = Callable[[Environment], object]
_CHORES: list[Chore] = []


def add_chore(chore: Chore) -> None:
    """Let another room tidy up what is its own whenever the vault is tidied."""
    if chore not in _CHORES:
        _CHORES.append(chore)


def do_chores(environment: Environment) -> None:
    """Let the other rooms tidy up; each may be done again at any time."""
    for chore in _CHORES:
        chore(environment)


def policy_of(environment: Environment) -> RetentionPolicy:
    """The environment's retention, with the defaults where nobody has set any."""
    return RetentionPolicy.objects.filter(environment=environment).first() or RetentionPolicy(environment=environment)


def preview(environment: Environment) -> list[Verdict]:
    """What tidying up now would do, newest backup first; changes nothing."""
    policy = policy_of(environment)
    needed = {name: why for needs in _NEEDS for name, why in needs(environment).items()}
    rows = Backup.objects.filter(environment=environment, here=True)
    points = [
        Point(row.identifier, row.taken_at, row.good and row.reason != Reason.ADOPTED, row.pinned,
              needed.get(row.identifier, ""))
        for row in rows
    ]  # fmt: skip
    hours = schedule.of(environment).hours
    stale = max(timedelta(hours=1), 2 * max(hours.usual, hours.quiet))
    rules = Rules(
        policy.keep_days,
        policy.keep_daily,
        policy.keep_weekly,
        policy.keep_monthly,
        timezone.get_current_timezone(),
        stale,
    )
    return retention.judge(points, timezone.now(), rules)


def needed(environment: Environment) -> set[str]:
    """The backups somebody needs, or wants to keep for good, wherever they are."""
    pinned = Backup.objects.filter(environment=environment, pinned=True).values_list("identifier", flat=True)
    return {*pinned, *(name for needs in _NEEDS for name in needs(environment))}


def plan(environment: Environment) -> Plan:
    """What a run that tidies up would do."""
    going = [verdict for verdict in preview(environment) if not verdict.stays]
    oldest = f", the oldest of {going[-1].point.taken_at:%Y-%m-%d}" if going else ""
    return Plan(
        kind="housekeeping",
        title=f"Tidy up the vault of {environment.name}",
        environment=environment,
        steps=(PlannedStep("vault.tidy", {"at_once": True}),),
        notes=(f"{count_text(len(going), 'backup goes', 'backups go')}{oldest}; SMS is not touched.",),
    )


def request(environment: Environment, by: By) -> Run:
    """Queue a run that tidies up."""
    return submit(plan(environment), by)


def due(environment: Environment) -> bool:
    """Whether the vault was not tidied up for a day."""
    last = policy_of(environment).tidied_at
    return last is None or timezone.now() - last > timedelta(hours=23)


def tidy(environment: Environment, guard: Callable[[], None]) -> tuple[int, int, list[str]]:
    """Let go of what the policy does not keep, and of packs nobody needs; returns how many of both, and sentences about
    what is not as it should be in the vault's folders.

    `guard` is called before anything is removed and may raise. Killed in between, the next one goes on.
    """
    vault = selectors.vault_of(environment)
    going = [verdict.point.identifier for verdict in preview(environment) if not verdict.stays]
    for identifier in going:
        guard()
        if environment.offsite_vaults.exists():  # what may go there as well, later
            at = {"at": timezone.now()}
            LetGo.objects.update_or_create(environment=environment, identifier=identifier, defaults=at)
        vault.discard(identifier)
        Backup.objects.filter(environment=environment, identifier=identifier).delete()
    guard()
    packs = vault.collect()
    RetentionPolicy.objects.update_or_create(environment=environment, defaults={"tidied_at": timezone.now()})
    return len(going), packs, vault.complaints()


def tidy_log(environment: Environment) -> int:
    """Let go of commits that are older than the log is to be kept; returns how many files that were."""
    row = LogFollowing.objects.filter(environment=environment).first()
    if row is None:
        return 0
    return logs.of(environment).tidy(timezone.now() - timedelta(days=row.keep_days))


@dataclass(frozen=True)
class Reindexed:
    """What a look through the vault found: backups new to the catalogue, those gone from the vault, and sentences about
    manifests that cannot be read."""

    added: list[str]
    gone: list[str]
    problems: list[str]


def reindex(environment: Environment) -> Reindexed:
    """Bring the catalogue in step with the vault, which is the truth. What is known of proofs stays."""
    vault = selectors.vault_of(environment)
    known = set(Backup.objects.filter(environment=environment).values_list("identifier", flat=True))
    listed, added, problems = vault.identifiers(), [], []
    for identifier in listed:
        if identifier in known:
            continue
        try:
            _enter(environment, identifier)
            added.append(identifier)
        except OpsError as error:
            problems.append(str(error))
    rows = Backup.objects.filter(environment=environment)
    rows.filter(identifier__in=listed).update(here=True)
    gone = sorted(rows.filter(here=True).exclude(identifier__in=listed).values_list("identifier", flat=True))
    elsewhere = Replica.objects.filter(backup__in=rows).values("backup")
    rows.filter(identifier__in=gone, pk__in=elsewhere).update(here=False)
    missing = f"It is not in the vault {vault.shelf.root} any more."
    rows.filter(identifier__in=gone, here=True, damage="").update(damage=missing)
    return Reindexed(added, gone, problems)


def _enter(environment: Environment, identifier: str) -> None:
    """Write the card of a backup this catalogue has never seen; nothing is proven of it here."""
    manifest = selectors.vault_of(environment).manifest(identifier)
    backup = storing.catalogue(environment, None, manifest)
    Backup.objects.filter(pk=backup.pk).update(proof=Proof.STORED)
