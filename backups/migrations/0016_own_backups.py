from django.db import migrations, models
from django.utils import timezone


class Migration(migrations.Migration):

    dependencies = [
        ('backups', '0015_scale_indexes'),
    ]

    operations = [
        migrations.CreateModel(
            name='OwnBackups',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('looked_at', models.DateTimeField(default=timezone.now)),
                ('taken_at', models.DateTimeField(help_text='When the newest was taken.', null=True)),
                ('failing_since', models.DateTimeField(null=True)),
                ('problem', models.TextField(blank=True, help_text='Why the last one was not taken.')),
                ('uncopied_since', models.DateTimeField(null=True)),
                ('uncopied', models.TextField(blank=True, help_text='Why they are not elsewhere.')),
            ],
            options={
                'verbose_name_plural': 'own backups',
                'default_permissions': (),
            },
        ),
    ]
