from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('backups', '0012_commits_offsite'),
    ]

    operations = [
        migrations.AddField(
            model_name='logfollowing',
            name='hung_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='logfollowing',
            name='log_bytes',
            field=models.PositiveBigIntegerField(default=0, editable=False),
        ),
    ]
