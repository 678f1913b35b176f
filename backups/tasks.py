"""Doorbells of the backups app."""

import contextlib
import logging

from celery import shared_task

from backups import signals
from backups.models import LogFollowing, OffsiteVault, Reason
from backups.services import backups, drills, following, lags, log_lags, offsite, restore_tests, schedule
from backups.services.own import standing
from smsops.errors import OpsError, WrongUse
from smsops.models import Environment, Trigger
from smsops.runs.plan import By

log = logging.getLogger(__name__)


@shared_task(name=schedule.TASK)
def scheduled(environment_id: int) -> None:
    """Take the scheduled backup, unless an exclusive run is under way, which takes its own or must not be disturbed."""
    environment = Environment.objects.filter(pk=environment_id, backups_enabled=True).first()
    if environment is None:
        return
    if why := schedule.waits(environment):
        log.info("no backup of %s now: %s", environment.name, why)
        return
    try:
        backups.request(environment, By(trigger=Trigger.SCHEDULE, name="schedule"), Reason.SCHEDULED)
    except WrongUse as busy:
        log.info("scheduled backup left out: %s", busy)


@shared_task(name="backups.restore_tests")
def restore_tests_due() -> None:
    """Test one backup of every environment once a day: the newest, or the one whose turn it is (runbook §6.3). A look
    every ten minutes begins a few, so that many environments have the whole day for it."""
    left = restore_tests.at_once()
    for environment in restore_tests.due():
        backup = restore_tests.next_to_test(environment)
        if backup is None:
            continue
        try:
            restore_tests.start(backup, By(trigger=Trigger.SCHEDULE, name="schedule"))
            left -= 1
            if not left:
                return
        except OpsError as error:
            log.warning("no restore test at %s: %s", environment.name, error)


@shared_task(name="backups.copy_offsite")
def copy_offsite() -> None:
    """Copy to every off-site vault that lacks something or was not looked at for hours, and tell how far each is behind
    (every minute)."""
    for vault, lag in lags.standings():
        signals.offsite_looked.send(OffsiteVault, vault=vault, lag=lag, problem=vault.problem)
        signals.offsite_log_looked.send(OffsiteVault, vault=vault, problem=log_lags.problem_of(vault))
    for vault in offsite.due():
        try:
            offsite.request(vault, By(trigger=Trigger.SCHEDULE, name="schedule"))
        except WrongUse as busy:
            log.info("nothing copied to %s: %s", vault, busy)


@shared_task(name="backups.drills")
def drills_due() -> None:
    """Rehearse a disaster at every environment that has had no good drill for a quarter (daily look, runbook §9); a few
    each day, so that many environments do not rehearse on the same."""
    left = drills.at_once()
    for environment in Environment.objects.filter(backups_enabled=True):
        if not left:
            return
        if not drills.due(environment):
            continue
        try:
            scenario = drills.next_scenario(environment)
            drills.start(environment, scenario, By(trigger=Trigger.SCHEDULE, name="schedule"))
            left -= 1
        except OpsError as error:
            log.warning("no drill at %s: %s", environment.name, error)


@shared_task(name="backups.look_at_followers")
def look_at_followers() -> None:
    """Tell of every log that should be followed whether it is, and how long SMS's own is; a generation that just began
    gets its first backup (every 15 s)."""
    for row in LogFollowing.objects.filter(enabled=True).select_related("environment", "rest_for"):
        signals.log_looked.send(LogFollowing, following=row, problem=following.problem_of(row))
        signals.log_measured.send(LogFollowing, following=row, size=following.measure_log(row))
        with contextlib.suppress(WrongUse):  # an exclusive run is under way; it will be asked for again
            following.ask_for_base(row, By(trigger=Trigger.SYSTEM, name="follower"))


@shared_task(name="backups.canaries")
def canaries() -> None:
    """Measure at every environment how long a commit takes into the log (every 5 minutes)."""
    for row in LogFollowing.objects.filter(enabled=True).select_related("environment"):
        try:
            following.send_canary(row)
        except OpsError as error:
            log.warning("%s", error)


@shared_task(name="backups.back_up_own")
def back_up_own() -> None:
    """Back up smsops' own rows once a day, and copy that elsewhere until it is there (every 15 minutes)."""
    standing.attend()
