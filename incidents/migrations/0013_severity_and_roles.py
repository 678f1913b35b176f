"""The severity table (runbook §5.1) as rows, corrections of clocks, and who may do what with an incident.

A row of the table that is there is an operator's own and stays. A group that was changed so far that it may not resolve
incidents any more is an operator's own, too.
"""

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations, models

BOUNDS = [django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(43200)]
SEVERITIES = [("critical", "Critical"), ("high", "High"), ("medium", "Medium"), ("low", "Low")]
RULES = (
    # severity, what it means, examples, response (§5.1) and a word at least every so many minutes
    ("critical", "SMS is unavailable, data is at risk, or many users are affected.",
     "The API is down (500s); the database is corrupt; secrets are exposed.", 15, 30),
    ("high", "SMS is partly degraded, or users are affected for a while.",
     "The API is slow (over 2 s); some cannot sign in; more than 100 requests hit the rate limit.", 30, 60),
    ("medium", "One thing does not work, and there is a way around it.",
     "A single feature is broken; a page is slow (500 to 1000 ms).", 60, 240),
    ("low", "Cosmetic, or nothing that users notice.", "A typo; the format of a message in the log.", 1440, 1440),
)
RESPONDER = ("report_incident", "classify_incident", "assign_incident")
LEAD = ("correct_incident", "change_severityrule")
GRANTS = {"Responder": RESPONDER, "Operator": (*RESPONDER, "correct_incident"), "Ops lead": (*RESPONDER, *LEAD)}


def fill(apps, schema_editor):
    rules = apps.get_model("incidents", "SeverityRule").objects
    for severity, meaning, examples, response, update in RULES:
        defaults = {"meaning": meaning, "examples": examples, "response_minutes": response, "update_minutes": update}
        rules.get_or_create(severity=severity, defaults=defaults)


def grant(apps, schema_editor):
    create_permissions(installed.get_app_config("incidents"), verbosity=0, using=schema_editor.connection.alias)
    groups = apps.get_model("auth", "Group").objects
    found = apps.get_model("auth", "Permission").objects.filter(content_type__app_label="incidents")
    for group in groups.filter(name__in=GRANTS, permissions__codename="resolve_incident"):
        group.permissions.add(*found.filter(codename__in=GRANTS[group.name]))
    for group in groups.filter(name__in=["Viewer", "Auditor", *GRANTS], permissions__codename="view_incident"):
        group.permissions.add(*found.filter(codename="view_severityrule"))


class Migration(migrations.Migration):

    dependencies = [
        ('incidents', '0012_detection'),
        ('smsops', '0009_roles'),
        ('auth', '0012_alter_user_first_name_max_length'),
        ('contenttypes', '0002_remove_content_type_name'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='incident',
            options={'ordering': ['-detected_at', '-pk'], 'permissions': [('acknowledge_incident', 'Can acknowledge an incident'), ('resolve_incident', 'Can resolve and close an incident'), ('report_incident', 'Can report an incident and add to its timeline'), ('see_private_incident', 'Can see private incidents'), ('classify_incident', 'Can change the severity of an incident'), ('assign_incident', 'Can give the roles of an incident to others'), ('correct_incident', 'Can correct the clocks of an incident'), ('collect_evidence', 'Can have evidence collected, and the diagnosis of a playbook run')]},
        ),
        migrations.AddField(
            model_name='incident',
            name='settled_at',
            field=models.DateTimeField(blank=True, help_text='When nothing contradicted that any more.', null=True),
        ),
        migrations.AddField(
            model_name='severitychange',
            name='author',
            field=models.CharField(blank=True, help_text='Who chose it; empty where smsops did.', max_length=150),
        ),
        migrations.CreateModel(
            name='SeverityRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('severity', models.CharField(choices=SEVERITIES, max_length=10, unique=True)),
                ('meaning', models.CharField(max_length=300, verbose_name='what it means')),
                ('examples', models.TextField(blank=True)),
                ('response_minutes', models.PositiveIntegerField(help_text='From detection until somebody has acknowledged it.', validators=BOUNDS, verbose_name='response within (minutes)')),
                ('update_minutes', models.PositiveIntegerField(help_text='While it is live: how long those who wait hear nothing at most.', validators=BOUNDS, verbose_name='a word at least every (minutes)')),
            ],
            options={
                'verbose_name': 'severity',
                'verbose_name_plural': 'severities',
                'ordering': ['response_minutes', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='ClockCorrection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('clock', models.CharField(choices=[('began_at', 'Began'), ('detected_at', 'Detected'), ('acknowledged_at', 'Acknowledged'), ('mitigated_at', 'Mitigated'), ('resolved_at', 'Resolved')], max_length=16)),
                ('at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='corrected')),
                ('author', models.CharField(max_length=150, verbose_name='by')),
                ('was', models.DateTimeField(blank=True, null=True)),
                ('now', models.DateTimeField()),
                ('reason', models.TextField()),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='clock_corrections', to='incidents.incident')),
            ],
            options={
                'ordering': ['at', 'pk'],
            },
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
