"""Five groups to begin with. A group that is there already is an operator's own and stays as it is."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

ROOMS = ("smsops", "backups", "deployments", "incidents")
RESPONDER = {
    "smsops.backup_environment",
    "smsops.check_environment",
    "smsops.rollback_environment",
    "smsops.restore_environment",
    "smsops.cancel_run",
    "backups.verify_backup",
    "incidents.acknowledge_incident",
    "incidents.resolve_incident",
}
OPERATOR = RESPONDER | {
    "smsops.deploy_environment",
    "smsops.approve_run",
    "backups.tidy_vault",
    "backups.pin_backup",
    "backups.adopt_backup",
    "backups.pause_backups",
    "backups.copy_offsitevault",
    "deployments.audit_release",
    "deployments.complete_posttask",
}
LEAD = OPERATOR | {
    "smsops.break_glass",
    "smsops.rotate_environment",
    "deployments.accept_finding",
    "smsops.add_environment",
    "smsops.change_environment",
    "backups.tidy_offsitevault",
}
# How long backups stay, when they are taken, whether the log is followed, where the copies are.
CHANGED_BY_LEAD = ("retentionpolicy", "backupschedule", "logfollowing", "offsitevault", "posttask")


def _looks(permission, rooms):
    return permission.codename.startswith("view_") and (rooms is None or permission.content_type.app_label in rooms)


def wanted(permission):
    """The names of the groups that have this permission."""
    app = permission.content_type.app_label
    name = f"{app}.{permission.codename}"
    looks, sees_all = _looks(permission, ROOMS), _looks(permission, None)
    changes = permission.codename in {f"{verb}_{row}" for verb in ("add", "change") for row in CHANGED_BY_LEAD}
    return {
        group
        for group, has in (
            ("Viewer", looks),
            ("Responder", looks or name in RESPONDER),
            ("Operator", looks or name in OPERATOR),
            ("Ops lead", looks or name in LEAD or changes),
            ("Auditor", sees_all),
        )
        if has
    }


NAMES = ("Viewer", "Responder", "Operator", "Ops lead", "Auditor")


def create(apps, schema_editor):
    # Django makes permissions after the last migration; the groups need them now, also those of rooms that come later.
    for config in installed.get_app_configs():
        create_permissions(config, verbosity=0, using=schema_editor.connection.alias)
    groups, permissions = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    new = [name for name in NAMES if not groups.objects.filter(name=name).exists()]
    found = list(permissions.objects.select_related("content_type"))
    for name in new:
        group = groups.objects.create(name=name)
        group.permissions.set([each for each in found if name in wanted(each)])


def drop(apps, schema_editor):
    """A group that somebody is in, or whose permissions were changed, stays."""
    groups, permissions = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    found = list(permissions.objects.select_related("content_type"))
    for group in groups.objects.filter(name__in=NAMES, user__isnull=True):
        ours = {each.pk for each in found if group.name in wanted(each)}
        if set(group.permissions.values_list("pk", flat=True)) == ours:
            group.delete()


class Migration(migrations.Migration):
    dependencies = [
        ("smsops", "0008_approvals"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(create, drop)]
