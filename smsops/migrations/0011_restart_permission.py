"""Who may restart SMS or make it anew."""

from django.db import migrations

BEFORE = [
    ("backup_environment", "Can back up an environment"),
    ("restore_environment", "Can restore an environment from a backup"),
    ("deploy_environment", "Can deploy a release to an environment"),
    ("rollback_environment", "Can roll back an environment"),
    ("check_environment", "Can run checks against an environment"),
    ("rotate_environment", "Can rotate the keys of an environment"),
]


class Migration(migrations.Migration):
    dependencies = [("smsops", "0010_check_policy")]

    operations = [
        migrations.AlterModelOptions(
            name="environment",
            options={
                "ordering": ["name"],
                "permissions": [*BEFORE, ("restart_environment", "Can restart SMS or make it anew")],
            },
        ),
    ]
