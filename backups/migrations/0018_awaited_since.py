from django.db import migrations, models
from django.utils import timezone


def since_now(apps, schema_editor):
    """Nobody knows since when; a follower that is started after the upgrade has its time, too."""
    apps.get_model('backups', 'LogFollowing').objects.filter(enabled=True).update(awaited_at=timezone.now())


class Migration(migrations.Migration):

    dependencies = [
        ('backups', '0017_packed_backup_days'),
    ]

    operations = [
        migrations.AddField(
            model_name='logfollowing',
            name='awaited_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.RunPython(since_now, migrations.RunPython.noop),
    ]
