"""Every button of the admin: who may press it, on what, with which form, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from deployments.models import Release
from incidents.models import (
    Contact,
    IncidentState,
    PostMortem,
)
from smsops.models import Environment
from tests.admin.browser import door
from tests.admin.scenes import (
    a_channel,
    a_contact,
    a_finding,
    a_followed_school,
    a_mounted_folder,
    a_mounted_folder_to_be_cleared,
    a_paused_school,
    a_persons_task,
    a_queued_run,
    a_release_to_build,
    a_school,
    a_school_behind_its_release,
    a_school_in_docker,
    a_school_whose_key_was_changed,
    a_school_with_a_key,
    a_source_with_something_unread,
    a_waiting_run,
    action_item,
    an_incident_with_a_playbook,
    incident,
    its_backup,
    its_copied_backup,
    its_older_release,
    its_pinned_backup,
    postmortem,
)
from tests.factories import (
    make_alert,
    make_alert_source,
    make_delivery,
    make_environment,
    make_incident,
    make_postmortem,
    make_silence,
    make_token,
    make_user,
    make_webhook,
    make_window,
)

REASON = "the school asked for it"


@dataclass(frozen=True)
class Door:
    """One button. `prepare` makes an object on which it can be pressed."""

    name: str
    permission: str
    prepare: Callable[[], Any]
    kind: str = ""  # of the run it starts; empty: it starts none
    destructive: bool = False
    exclusive: bool = False  # refused while another exclusive run is under way
    extra: Callable[[Any], dict[str, Any]] = lambda target: {}
    refusal: int = 403  # 404 where it is hidden from who may not press it

    def form(self, target: Any) -> dict[str, Any]:
        """The form, filled in rightly."""
        typed = {"typed_name": environment_of(target).name} if self.destructive else {}
        return {"reason": REASON, **typed, **self.extra(target)}

    def address(self, target: Any) -> str:
        return door(target, self.name)

    def user(self, *more: str, **fields: Any) -> Any:
        """Somebody who may press it, and see what it is on."""
        views = ("smsops.view_environment", "smsops.view_run", "backups.view_backup", "backups.view_offsitevault")
        rest = ("deployments.view_release", "deployments.view_finding", "deployments.view_posttask",
                "incidents.view_incident", "incidents.view_postmortem", "incidents.view_actionitem",
                "incidents.view_alert", "incidents.view_alertsource",
                "incidents.view_silence", "incidents.view_maintenancewindow",
                "incidents.view_channel", "incidents.view_contact", "smsops.view_apitoken", "smsops.view_webhook",
                "smsops.view_webhookdelivery")  # fmt: skip
        return make_user(self.permission, *views, *rest, *more, **fields)


class OwnDoor(Door):
    """A button on what belongs to whoever presses it."""

    def user(self, *more: str, **fields: Any) -> Any:
        found = super().user(*more, **fields)
        Contact.objects.update(user=found)
        return found


def environment_of(target: Any) -> Environment:
    found: Environment = getattr(target, "environment", target)
    return found


def _a_tar(_: Any) -> dict[str, Any]:
    return {"file": "/srv/nowhere/sms-1.19.0.tar"}


def _older(environment: Environment) -> dict[str, Any]:
    return {"release": Release.objects.get(environment=environment, version="1.17.0").pk}


def _a_backup(_: Any) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("sms_backup_20251116_120000.db", b"SQLite format 3\0")}


ALERTS = {
    "renew a token": Door("renew", "incidents.change_alertsource", make_alert_source),
    "read again": Door("read-again", "incidents.change_alertsource", a_source_with_something_unread),
    "settle an alert": Door("settle", "incidents.resolve_incident", lambda: make_alert(state="stale")),
    "end a silence": Door("end", "incidents.change_silence", make_silence),
    "end a window": Door("end", "incidents.change_maintenancewindow", make_window),
}


WAYS = {
    "try a channel": Door("test", "incidents.change_channel", a_channel),
    "try a contact": OwnDoor("test", "incidents.change_contact", a_contact),
}


def _now(_: Environment) -> dict[str, Any]:
    return {"at": timezone.now().isoformat()}


def _a_text(target: PostMortem) -> dict[str, Any]:
    return {"base": target.version, "seen": target.version, "cause": "A full disk."}


def _yes(_: PostMortem) -> dict[str, Any]:
    return {f"check_{key}": "on" for key in ("data", "impact", "cause", "actions", "shared")}


RUNS = {
    "back up": Door("backup", "smsops.backup_environment", a_school, "backup", exclusive=True),
    "restore the latest": Door("restore", "smsops.restore_environment", a_school, "restore", True, True),
    "restore a backup": Door("restore", "smsops.restore_environment", its_backup, "restore", True, True),
    "verify": Door("verify", "backups.verify_backup", its_backup, "verification"),
    "tidy up": Door("tidy", "backups.tidy_vault", a_school, "housekeeping", exclusive=True),
    "drill": Door("drill", "backups.verify_backup", a_school, "drill", extra=lambda _: {"scenario": "deletion"}),
    "adopt": Door("adopt", "backups.adopt_backup", a_school, "adoption", exclusive=True, extra=_a_backup),
    "compare": Door("compare", "backups.verify_backup", its_backup, "comparison"),
    "put rows back": Door(
        "put-back",
        "smsops.restore_environment",
        its_backup,
        "row_recovery",
        exclusive=True,
        extra=lambda _: {"table": "students", "which": "removed"},
    ),
    "prove a backup": Door("prove", "backups.verify_backup", its_backup, "restore_test"),
    "bring a backup back": Door("bring-back", "backups.verify_backup", its_copied_backup, "rescue"),
    "clear elsewhere": Door("tidy", "backups.tidy_offsitevault", a_mounted_folder_to_be_cleared, "replication"),
    "copy": Door("copy", "backups.copy_offsitevault", a_mounted_folder, "replication"),
    "rehearse": Door("rehearse", "smsops.deploy_environment", its_older_release, "rehearsal"),
    "audit": Door("audit", "deployments.audit_release", its_older_release, "audit"),
    "deploy a release": Door("deploy", "smsops.deploy_environment", its_older_release, "deploy", exclusive=True),
    "deploy": Door("deploy", "smsops.deploy_environment", a_school, "deploy", exclusive=True, extra=_older),
    "rotate the key": Door("rotate-key", "smsops.rotate_environment", a_school_with_a_key, "key_rotation", True, True),
    "restart": Door("restart", "smsops.restart_environment", a_school, "restart", True, True),
    "make anew": Door("recreate", "smsops.restart_environment", a_school, "recreate", True, True),
    "give more memory": Door(
        "more-memory", "smsops.restart_environment", a_school, "more_memory", True, True, lambda _: {"memory_mb": 9000}
    ),
    "put the key back": Door(
        "key-back", "smsops.rotate_environment", a_school_whose_key_was_changed, "key_back", True, True
    ),
    "upgrade the schema": Door(
        "upgrade", "smsops.deploy_environment", a_school_behind_its_release, "upgrade", True, True
    ),
    "collect evidence": Door("collect", "incidents.collect_evidence", make_incident, "evidence"),
    "diagnose": Door(
        "diagnose", "incidents.collect_evidence", an_incident_with_a_playbook, "diagnosis",
        extra=lambda _: {"playbook": "errors"},
    ),
    "build a release": Door("build", "smsops.deploy_environment", a_release_to_build, "build"),
    "archive old releases": Door(
        "archive", "smsops.deploy_environment", a_school, "archive", exclusive=True, extra=lambda _: {"keep": 1}
    ),
    "roll back": Door("rollback", "smsops.rollback_environment", a_school, "rollback", True, True),
}  # fmt: skip
MOVES = {
    "acknowledge": Door("acknowledge", "incidents.acknowledge_incident", incident(IncidentState.OPEN)),
    "mitigate": Door("mitigate", "incidents.resolve_incident", incident(IncidentState.OPEN)),
    "resolve": Door("resolve", "incidents.resolve_incident", incident(IncidentState.ACKNOWLEDGED)),
    "close": Door("close", "incidents.resolve_incident", incident(IncidentState.RESOLVED)),
    "reopen": Door("reopen", "incidents.resolve_incident", incident(IncidentState.CLOSED)),
}
PEOPLE = {
    "change the severity": Door(
        "severity", "incidents.classify_incident", make_incident, extra=lambda _: {"severity": "high"}
    ),
    "lay down a role": Door("roles", "incidents.acknowledge_incident", make_incident),
    "write down": Door("note", "incidents.report_incident", make_incident),
    "establish a fact": Door(
        "fact", "incidents.classify_incident", make_incident, extra=lambda _: {"kind": "exposure_confirmed"}
    ),
    "report an incident": Door(
        "report",
        "incidents.report_incident",
        make_environment,
        extra=lambda _: {"title": "Nobody can sign in", "severity": "high", "issue": "service"},
    ),
    "correct a clock": Door(
        "clock",
        "incidents.correct_incident",
        make_incident,
        extra=lambda _: {"clock": "began_at", "to": "2026-01-01T10:00"},
    ),
    "make an incident private": Door("hide", "incidents.see_private_incident", make_incident),
    "show a private incident": Door(
        "show", "incidents.see_private_incident", lambda: make_incident(private=True), refusal=404
    ),
}
AFTER = {
    "draft a post-mortem": Door("draft-postmortem", "incidents.write_postmortem", incident(IncidentState.RESOLVED)),
    "write a post-mortem": Door("write", "incidents.write_postmortem", make_postmortem, extra=_a_text),
    "hand in a post-mortem": Door("submit", "incidents.write_postmortem", postmortem("draft")),
    "approve a post-mortem": Door("approve", "incidents.approve_postmortem", postmortem("in_review"), extra=_yes),
    "publish a post-mortem": Door("publish", "incidents.approve_postmortem", postmortem("approved")),
    "send a post-mortem back": Door("send-back", "incidents.write_postmortem", postmortem("in_review")),
    "set a post-mortem's date": Door(
        "due", "incidents.write_postmortem", make_postmortem, extra=lambda _: {"due_at": "2030-01-01T10:00"}
    ),
    "accept an action item": Door("accept", "incidents.complete_actionitem", action_item("proposed")),
    "finish an action item": Door("finish", "incidents.complete_actionitem", action_item("todo")),
    "drop an action item": Door("drop", "incidents.complete_actionitem", action_item("todo")),
    "open an action item again": Door("reopen", "incidents.complete_actionitem", action_item("done")),
}
MACHINES = {
    "revoke a token": Door("revoke", "smsops.revoke_apitoken", make_token),
    "try a webhook": Door("test", "smsops.change_webhook", make_webhook),
    "renew a webhook's secret": Door("renew", "smsops.change_webhook", make_webhook),
    "send a message again": Door("again", "smsops.change_webhook", lambda: make_delivery(state="failed")),
}
DOORS = {
    **MACHINES,
    **RUNS,
    **MOVES,
    **PEOPLE,
    **AFTER,
    **ALERTS,
    **WAYS,
    "read what is elsewhere": Door("reindex", "backups.tidy_vault", a_mounted_folder),
    "restore to a moment": Door(
        "restore-to", "smsops.restore_environment", a_followed_school, destructive=True, exclusive=True, extra=_now
    ),
    "keep a backup": Door("pin", "backups.pin_backup", its_backup),
    "let a backup go": Door("unpin", "backups.pin_backup", its_pinned_backup),
    "pause backups": Door("pause", "backups.pause_backups", a_school, extra=lambda _: {"hours": 2}),
    "resume backups": Door("resume", "backups.pause_backups", a_paused_school),
    "load an image": Door("load", "smsops.deploy_environment", a_school_in_docker, extra=_a_tar),
    "mark a task as done": Door("done", "deployments.complete_posttask", a_persons_task),
    "accept a finding": Door("accept", "deployments.accept_finding", a_finding),
    "build anew": Door("rebuild", "smsops.deploy_environment", a_school_in_docker, destructive=True, exclusive=True),
    "import releases": Door("import", "smsops.deploy_environment", a_school),
    "check now": Door("check", "smsops.check_environment", a_school),
    "check preconditions": Door("preflight", "smsops.check_environment", its_older_release),
    "cancel": Door("cancel", "smsops.cancel_run", a_queued_run),
    "approve": Door("approve", "smsops.approve_run", a_waiting_run, exclusive=True),
    "refuse": Door("refuse", "smsops.approve_run", a_waiting_run),
    "break the glass": Door("break-glass", "smsops.break_glass", a_waiting_run, destructive=True, exclusive=True),
}
DESTRUCTIVE = {name: each for name, each in DOORS.items() if each.destructive}
EXCLUSIVE = {name: each for name, each in DOORS.items() if each.exclusive}
