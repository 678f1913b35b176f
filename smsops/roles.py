"""The five roles, and what each may: the one table of it (features.md K5; docs/roles.md is made from it).

A permission or model that is new belongs into it, or a test fails: then a migration gives it to the groups that are
there. Rights are given by name, “room.codename”; the rooms above are only named here.
"""

from __future__ import annotations

from collections.abc import Iterable

VIEWER, RESPONDER, OPERATOR, LEAD, AUDITOR = "Viewer", "Responder", "Operator", "Ops lead", "Auditor"
ROLES = (VIEWER, RESPONDER, OPERATOR, LEAD, AUDITOR)
WRITES = "add change delete"
LADDER = (VIEWER, RESPONDER, OPERATOR, LEAD)  # each may all that those before it may

TOLD = {
    VIEWER: "sees the rooms: environments, runs, backups, releases, incidents. Changes nothing.",
    RESPONDER: "is on call: takes incidents on, backs up, rolls back, restores, restarts, writes post-mortems.",
    OPERATOR: "does the daily work: deploys, approves what others ask for, looks after the backups.",
    LEAD: "answers for SMS: sets the rules, the schedules and the escalation, breaks the glass, reads the audit trail.",
    AUDITOR: "sees everything there is, the audit trail and the accounts included. Changes nothing.",
}


def _words(room: str, names: str) -> frozenset[str]:
    return frozenset(f"{room}.{name}" for name in names.split())


def _rights(room: str, verbs: str, models: str) -> frozenset[str]:
    return frozenset(f"{room}.{verb}_{model}" for verb in verbs.split() for model in models.split())


SEEN = (
    _rights("smsops", "view", "environment run step approval journalentry lease")
    | _rights("backups", "view", "backup logfollowing offsitevault retentionpolicy letgo replica backupschedule")
    | _rights("deployments", "view", "release checkresult configsnapshot finding operation posttask")
    | _rights("incidents", "view",
              "incident actionitem actionentry alertsource delivery alert clockcorrection detection survey fact "
              "contact channel team rota rotamember override escalationpolicy policylevel escalation evidence triage "
              "logsource logfile logpattern logposition page pulse playbook playbookversion playbookact postmortem "
              "postmortemversion silence maintenancewindow reckoning reviewrule runbooknote severitychange "
              "severityrule timelineentry watch")
)  # fmt: skip
GAINED = {  # on each rung of the ladder
    VIEWER: SEEN,
    RESPONDER: _words("smsops", "backup_environment check_environment rollback_environment restore_environment "
                      "restart_environment cancel_run")
    | _words("backups", "verify_backup")
    | _words("incidents", "acknowledge_incident resolve_incident report_incident classify_incident assign_incident "
             "collect_evidence write_postmortem write_runbook complete_actionitem add_silence change_silence")
    | _rights("incidents", "add change", "actionitem")
    | _rights("incidents", "add change delete", "contact"),
    OPERATOR: _words("smsops", "deploy_environment approve_run")
    | _words("backups", "tidy_vault pin_backup adopt_backup pause_backups copy_offsitevault")
    | _words("deployments", "audit_release complete_posttask")
    | _words("incidents", "correct_incident approve_postmortem")
    | _rights("incidents", "add change", "maintenancewindow"),
    LEAD: _words("smsops", "break_glass rotate_environment add_environment change_environment view_auditentry "
                 "manage_signin view_apitoken revoke_apitoken view_webhookdelivery")
    | _rights("smsops", "view add change delete", "webhook")
    | _words("backups", "tidy_offsitevault")
    | _rights("backups", "add change", "retentionpolicy backupschedule logfollowing offsitevault")
    | _words("deployments", "accept_finding")
    | _rights("deployments", "add change", "posttask")
    | _words("incidents", "open_personal_evidence change_reviewrule change_severityrule")
    | _rights("incidents", "add change", "playbook detection alertsource")
    | _rights("incidents", "add change delete",
              "logpattern channel escalationpolicy override policylevel rota rotamember team"),
}  # fmt: skip
# What no role has, and why.
ALONE = {"incidents.see_private_incident": "is given to single people: a private incident may be about anybody"}
SUPERUSERS = frozenset(  # whose rows they change
    {"auth", "admin", "sessions", "contenttypes", "django_celery_beat", "axes", "otp_static", "otp_totp"}
)
RECORDS = (  # of rows that smsops alone writes: to add, change or delete them is nobody's right
    _rights("smsops", WRITES, "run step approval journalentry lease apitoken webhookdelivery")
    | _rights("smsops", f"view {WRITES}", "apirequest")
    | _rights("backups", WRITES, "backup letgo replica")
    | _rights("deployments", WRITES, "release checkresult configsnapshot finding operation")
    | _rights("incidents", WRITES,
              "incident actionentry delivery alert clockcorrection survey fact escalation evidence triage logsource "
              "logfile logposition page pulse playbookversion playbookact postmortem postmortemversion reckoning "
              "runbooknote severitychange timelineentry watch")
)  # fmt: skip
KEPT = (  # of what is changed and never deleted: it is switched off, or history hangs on it
    _words("smsops", "delete_environment")
    | _rights("backups", "delete", "retentionpolicy backupschedule logfollowing offsitevault")
    | _words("deployments", "delete_posttask")
    | _rights("incidents", "delete", "actionitem silence maintenancewindow playbook detection alertsource")
    | _rights("incidents", "add delete", "reviewrule severityrule")
)


def may(role: str, known: Iterable[str] = ()) -> frozenset[str]:
    """The rights of a role; the auditor's are every right to view among those that are known."""
    if role == AUDITOR:
        views = frozenset(name for name in known if name.partition(".")[2].startswith("view_"))
        return SEEN | views | {"smsops.view_auditentry"}
    return frozenset().union(*(GAINED[rung] for rung in LADDER[: LADDER.index(role) + 1]))


def placed(right: str) -> bool:
    """Whether the table says who has it, or why nobody does."""
    told = right in may(LEAD) or right in ALONE or right in RECORDS or right in KEPT
    return told or right.partition(".")[0] in SUPERUSERS
