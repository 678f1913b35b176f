"""What the buttons of the admin are pressed on: rows as they are then."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.utils import timezone

from backups.models import Backup, LogFollowing, OffsiteVault, Replica
from backups.services import drill_reports, drills, schedule
from deployments.models import Finding, PostTask, Release
from deployments.services import config, deploys
from incidents.models import (
    ActionItem,
    AlertSource,
    Channel,
    Contact,
    Delivery,
    Incident,
    IncidentState,
    Playbook,
    PlaybookVersion,
    PostMortem,
)
from smsops.models import Environment, Phase, Run, RunState, Trigger
from smsops.runs.plan import By
from tests.factories import (
    make_action_item,
    make_alert_source,
    make_backup,
    make_config_snapshot,
    make_environment,
    make_finding,
    make_incident,
    make_instance,
    make_offsite_vault,
    make_postmortem,
    make_release,
    make_run,
    make_step,
    make_user,
)


def a_school() -> Environment:
    """An environment where everything is possible: a release runs, another ran before it, a backup is there."""
    environment = make_environment()
    older, newer = make_release(environment, "1.17.0"), make_release(environment, "1.18.0")
    make_instance(environment, newer)
    params = {"image_id": newer.image_id, "old_image_id": older.image_id}
    make_run(environment, kind="deploy", title="Deploy 1.18.0", params=params)
    make_backup(environment, image_id=newer.image_id)
    return environment


def a_school_with_a_key() -> Environment:
    environment = a_school()
    file = Path(environment.data_path).parent / "sms.env"
    file.write_text("SECRET_KEY=" + "k" * 60 + "\n")
    environment.env_file = str(file)
    environment.save()
    return environment


def a_school_whose_key_was_changed() -> Environment:
    environment, old = a_school_with_a_key(), "o" * 60
    variables = {"SECRET_KEY": config.fingerprint(old)}
    make_config_snapshot(environment, variables=variables, env_content=f"SECRET_KEY={old}\n")
    return environment


def a_school_behind_its_release() -> Environment:
    environment = a_school()
    Release.objects.filter(environment=environment, version="1.18.0").update(heads="b", revisions=["a", "b"])
    path = Path(environment.data_path) / environment.database_file
    with contextlib.closing(sqlite3.connect(path)) as base, base:
        base.execute("CREATE TABLE alembic_version (version_num TEXT)")
        base.execute("INSERT INTO alembic_version VALUES ('a')")
    return environment


def an_incident_with_a_playbook() -> Incident:
    playbook, _ = Playbook.objects.get_or_create(key="errors", defaults={"title": "Errors"})
    PlaybookVersion.objects.get_or_create(playbook=playbook, number=1, defaults={"symptom": "Errors."})
    return make_incident()


def its_backup() -> Backup:
    return Backup.objects.get(environment=a_school())


def its_copied_backup() -> Backup:
    backup = its_backup()
    Replica.objects.create(backup=backup, vault=make_offsite_vault(backup.environment))
    return backup


def a_mounted_folder() -> OffsiteVault:
    return make_offsite_vault(kind="folder", bucket=tempfile.gettempdir(), prefix="nothing-is-here")


def a_paused_school() -> Environment:
    environment = a_school()
    schedule.pause(environment, timedelta(hours=1), By(name="maria", reason="the school moves"))
    return Environment.objects.get(pk=environment.pk)


def a_followed_school() -> Environment:
    environment = a_school()
    LogFollowing.objects.create(environment=environment, awaited_at=timezone.now() - timedelta(hours=1))
    return environment


def a_mounted_folder_to_be_cleared() -> OffsiteVault:
    vault = a_mounted_folder()
    OffsiteVault.objects.filter(pk=vault.pk).update(tidy=True)
    vault.refresh_from_db()
    return vault


def its_pinned_backup() -> Backup:
    return make_backup(pinned=True)


def its_older_release() -> Release:
    return Release.objects.get(environment=a_school(), version="1.17.0")


def a_release_to_build() -> Release:
    folder = Path(tempfile.mkdtemp()) / "source"
    folder.mkdir()
    return make_release(make_environment(source_path=str(folder)), "1.19.0", installed=False, git_ref="v1.19.0")


def a_school_in_docker() -> Environment:
    return make_environment(runtime="docker")


def a_reported_drill(output: str = "50 rows of students are gone.") -> Run:
    """A drill that has written its report, one of whose steps said this."""
    run = make_run(make_environment(title="The school"), kind="drill", title="Drill")
    make_step(run, title="Delete rows", phase=Phase.EXECUTE, output=output)
    path = drill_reports.write(run, drills.SCENARIOS["deletion"], make_backup(run.environment), 30)
    run.facts = {"drill.conclude": {"report": str(path)}}
    run.save()
    return run


def a_persons_task() -> PostTask:
    return PostTask.objects.get(environment=make_environment(), key="security")


def a_finding() -> Finding:
    return make_finding()


def a_queued_run() -> Run:
    return make_run(state=RunState.QUEUED)


def a_waiting_run() -> Run:
    """A deploy that maria asked for, where a second person decides."""
    release = its_older_release()
    release.environment.second_person = "disturbing"
    release.environment.save()
    return deploys.deploy(release, By(Trigger.MANUAL, name="maria", reason="the exams begin"))


def incident(state: IncidentState) -> Callable[[], Incident]:
    over = state in (IncidentState.RESOLVED, IncidentState.CLOSED)
    return lambda: make_incident(state=state, resolved_at=timezone.now() if over else None)


def a_source_with_something_unread() -> AlertSource:
    source = make_alert_source()
    Delivery.objects.create(source=source, body=b"", state="failed", problem="not JSON")
    return source


def a_channel() -> Channel:
    return Channel.objects.create(name="room", address="json://ops.example/")


def a_contact() -> Contact:
    return Contact.objects.create(user=make_user(), address="maria@school.example")


def postmortem(state: str) -> Callable[[], PostMortem]:
    return lambda: make_postmortem(state=state, texts={"cause": "A full disk."})


def action_item(state: str) -> Callable[[], ActionItem]:
    return lambda: make_action_item(state=state)
