import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('backups', '0013_hung_followers'),
        ('smsops', '0011_restart_permission'),
    ]

    operations = [
        migrations.CreateModel(
            name='BackupDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('seconds', models.JSONField(default=list)),
                ('environment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='backup_days', to='smsops.environment')),
            ],
            options={
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('environment', 'day'), name='one_row_per_day_of_backups')],
            },
        ),
    ]
