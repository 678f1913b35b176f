"""What is noticed: thresholds, log patterns and how far a log was followed; and the patterns smsops comes with.

A pattern of one of these names that is there already is an operator's own, and stays. Backwards, everything of it goes.
"""

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations, models

# Name, expression, severity, kind of issue, how many lines, within how many seconds (sms-contract §7, runbook §5.1, 5.3).
SHIPPED = (
    ("Database is damaged", r"(?i)disk image is malformed|file is not a database|disk I/O error", "critical", "data", 1, 60),
    ("Disk is full", r"(?i)no space left on device|database or disk is full", "critical", "data", 1, 60),
    ("Database is locked", r"(?i)database is locked", "high", "service", 3, 60),
    ("Database cannot be reached", r"DATABASE_UNAVAILABLE|could not connect to server|password authentication failed", "high", "service", 3, 60),
    ("Migrations failed", r"ERROR: Migration failed|\[run_migrations\] EXCEPTION|Migration runner reported failure", "high", "service", 1, 60),
    ("Out of memory", r"MemoryError|Cannot allocate memory", "high", "service", 1, 60),
    ("Requests end in an error", r'HTTP/[\d.]+" 50[0-24]\b', "high", "service", 10, 60),
    ("Unhandled errors", r"Exception in ASGI application", "medium", "service", 3, 60),
    ("Requests are refused by the rate limit", r'HTTP/[\d.]+" 429\b', "high", "service", 100, 60),
    ("Weak secret key", r"SECRET_KEY SECURITY ISSUE", "medium", "security", 1, 60),
)  # fmt: skip
SEEN = ("detection", "logpattern")
LED = [*(f"{verb}_logpattern" for verb in ("add", "change", "delete")), "add_detection", "change_detection"]


def ship(apps, schema_editor):
    patterns = apps.get_model("incidents", "LogPattern").objects
    for name, expression, severity, issue, times, seconds in SHIPPED:
        values = {"expression": expression, "severity": severity, "issue": issue, "times": times, "seconds": seconds}
        patterns.get_or_create(name=name, defaults=values)


def grant(apps, schema_editor):
    """Give the groups smsops came with what is new, where they still are there."""
    create_permissions(installed.get_app_config("incidents"), verbosity=0, using=schema_editor.connection.alias)
    groups = apps.get_model("auth", "Group").objects
    rights = apps.get_model("auth", "Permission").objects.filter(content_type__app_label="incidents")
    for group in groups.filter(name__in=("Viewer", "Responder", "Operator", "Ops lead", "Auditor")):
        group.permissions.add(*rights.filter(codename__in=[f"view_{row}" for row in SEEN]))
        if group.name == "Ops lead":
            group.permissions.add(*rights.filter(codename__in=LED))


class Migration(migrations.Migration):

    dependencies = [
        ('incidents', '0011_alert_refusals'),
        ('smsops', '0011_restart_permission'),
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.AddField(
            model_name='incident',
            name='flapping',
            field=models.BooleanField(default=False, help_text='It came back soon after its end; over when steady.'),
        ),
        migrations.AddField(
            model_name='watch',
            name='well_since',
            field=models.DateTimeField(blank=True, help_text='Since when no look found anything wrong.', null=True),
        ),
        migrations.CreateModel(
            name='Detection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slow_ms', models.PositiveIntegerField(default=1000, help_text='A request that takes longer is slow; 0: none is.', verbose_name='slow from (ms)')),
                ('slow_times', models.PositiveIntegerField(default=3, help_text='Times in a row smsops is answered slowly, or slow requests of others within a minute.', validators=[django.core.validators.MinValueValidator(1)], verbose_name='slow so often')),
                ('flap_minutes', models.PositiveIntegerField(default=30, help_text='What comes back so soon after its end is the same incident, and flaps; 0: never.', verbose_name='comes back within (minutes)')),
                ('steady_minutes', models.PositiveIntegerField(default=10, help_text='So long all must be well before one that flaps is over.', verbose_name='flaps no more after (minutes)')),
                ('overrun_minutes', models.PositiveIntegerField(default=5, help_text='At the least; more where nine in ten of its kind took longer. Then it pages.', validators=[django.core.validators.MinValueValidator(1)], verbose_name='a change may take (minutes)')),
                ('disk_percent', models.PositiveIntegerField(default=10, help_text='0: disks are not looked at.', validators=[django.core.validators.MaxValueValidator(90)], verbose_name='disk low below (% free)')),
                ('disk_last_percent', models.PositiveIntegerField(default=5, validators=[django.core.validators.MaxValueValidator(90)], verbose_name='disk nearly full below (% free)')),
                ('certificate_days', models.PositiveIntegerField(default=21, help_text='High in its last third; 0: it is not looked at.', verbose_name='certificate ends within (days)')),
                ('environment', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='detection', to='smsops.environment')),
            ],
            options={
                'verbose_name_plural': 'detection',
            },
        ),
        migrations.CreateModel(
            name='Survey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('next_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('looked_at', models.DateTimeField(blank=True, null=True)),
                ('memory', models.JSONField(blank=True, default=dict)),
                ('environment', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='survey', to='smsops.environment')),
            ],
        ),
        migrations.CreateModel(
            name='LogPattern',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True)),
                ('expression', models.CharField(help_text='Searched in the first 2,000 characters of each line.', max_length=300, verbose_name='regular expression')),
                ('severity', models.CharField(choices=[('critical', 'Critical'), ('high', 'High'), ('medium', 'Medium'), ('low', 'Low')], default='medium', max_length=10)),
                ('issue', models.CharField(choices=[('service', 'Service down'), ('data', 'Data integrity'), ('security', 'Security'), ('unknown', 'Unknown error')], default='service', max_length=10, verbose_name='kind of issue')),
                ('times', models.PositiveIntegerField(default=1, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000)], verbose_name='how many lines')),
                ('seconds', models.PositiveIntegerField(default=60, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(86400)], verbose_name='within (seconds)')),
                ('quiet_minutes', models.PositiveIntegerField(default=10, help_text='Without such a line.', validators=[django.core.validators.MinValueValidator(1)], verbose_name='over after (minutes)')),
                ('enabled', models.BooleanField(default=True)),
                ('stopped', models.CharField(blank=True, editable=False, max_length=200)),
                ('environment', models.ForeignKey(blank=True, help_text='Empty: everywhere.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='log_patterns', to='smsops.environment')),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='LogPosition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('instance_id', models.CharField(blank=True, max_length=80)),
                ('overlap_from', models.CharField(blank=True, max_length=40)),
                ('taken_until', models.CharField(blank=True, max_length=40)),
                ('seen', models.JSONField(blank=True, default=list)),
                ('hits', models.JSONField(blank=True, default=dict)),
                ('version', models.PositiveBigIntegerField(default=0)),
                ('environment', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='log_position', to='smsops.environment')),
            ],
        ),
        migrations.RunPython(ship, migrations.RunPython.noop),
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
