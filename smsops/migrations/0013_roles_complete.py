"""The five groups get what earlier versions forgot: models that came later, silences, windows, alert sources, the trail.

Only what is new is added. A group that was changed so far that its mark is gone is an operator's own and stays as it is.
"""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

SEEN = {
    "backups": (
        "backup backupschedule letgo logfollowing offsitevault replica retentionpolicy"
    ),
    "deployments": (
        "checkresult configsnapshot finding operation posttask release"
    ),
    "incidents": (
        "actionentry actionitem alert alertsource channel clockcorrection contact delivery detection "
        "escalation escalationpolicy evidence fact incident logfile logpattern logposition logsource "
        "maintenancewindow override page playbook playbookact playbookversion policylevel postmortem "
        "postmortemversion pulse reckoning reviewrule rota rotamember severitychange severityrule silence "
        "survey team timelineentry triage watch"
    ),
    "smsops": (
        "approval environment journalentry lease run step"
    ),
}
SILENCES = ("incidents.add_silence", "incidents.change_silence")
WINDOWS = ("incidents.add_maintenancewindow", "incidents.change_maintenancewindow")
LEAD = ("incidents.add_alertsource", "incidents.change_alertsource", "smsops.view_auditentry")
NEW = {
    "Viewer": (),
    "Responder": SILENCES,
    "Operator": (*SILENCES, *WINDOWS),
    "Ops lead": (*SILENCES, *WINDOWS, *LEAD),
    "Auditor": ("smsops.view_auditentry",),
}
MARKS = {"Viewer": "view_incident", "Auditor": "view_incident"}  # of the others: resolve_incident
READERS = ("Ops lead", "Auditor")  # of the audit trail; on a new installation everybody had just got it


def _chosen(permissions, words):
    for word in words:
        app, _, codename = word.partition(".")
        yield from permissions.filter(content_type__app_label=app, codename=codename)


def grant(apps, schema_editor):
    for config in installed.get_app_configs():
        create_permissions(config, verbosity=0, using=schema_editor.connection.alias)
    groups, permissions = apps.get_model("auth", "Group").objects, apps.get_model("auth", "Permission").objects
    seen = [f"{app}.view_{name}" for app, names in SEEN.items() for name in names.split()]
    for name, words in NEW.items():
        group = groups.filter(name=name, permissions__codename=MARKS.get(name, "resolve_incident")).first()
        if group is None:
            continue
        group.permissions.add(*_chosen(permissions, (*seen, *words)))
        if name == "Auditor":
            group.permissions.add(*permissions.filter(codename__startswith="view_"))
        if name not in READERS:
            group.permissions.remove(*_chosen(permissions, ("smsops.view_auditentry",)))


class Migration(migrations.Migration):
    dependencies = [
        ("smsops", "0012_audit"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
