"""Notes beside the sections of the runbook, every version of them, and who may write one.

A group that was changed so far that it may not resolve incidents any more is an operator's own.
"""

import django.db.models.deletion
import django.db.models.functions.comparison
import django.utils.timezone
from django.apps import apps as installed
from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.db import migrations, models

WRITERS = ("Responder", "Operator", "Ops lead")
READERS = ("Viewer", "Auditor", *WRITERS)


def grant(apps, schema_editor):
    create_permissions(installed.get_app_config("incidents"), verbosity=0, using=schema_editor.connection.alias)
    groups = apps.get_model("auth", "Group").objects
    found = apps.get_model("auth", "Permission").objects.filter(content_type__app_label="incidents")
    for group in groups.filter(name__in=WRITERS, permissions__codename="resolve_incident"):
        group.permissions.add(*found.filter(codename="write_runbook"))
    for group in groups.filter(name__in=READERS, permissions__codename="view_incident"):
        group.permissions.add(*found.filter(codename="view_runbooknote"))


class Migration(migrations.Migration):

    dependencies = [
        ('incidents', '0019_evidence_of_each_time'),
        ('smsops', '0011_restart_permission'),
        ('auth', '0012_alter_user_first_name_max_length'),
        ('contenttypes', '0002_remove_content_type_name'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='RunbookNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('section', models.CharField(max_length=12)),
                ('version', models.PositiveIntegerField()),
                ('text', models.TextField(blank=True, help_text='Markdown.')),
                ('author_name', models.CharField(max_length=150)),
                ('base', models.PositiveIntegerField(default=0)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('author', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('environment', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='runbook_notes', to='smsops.environment')),
            ],
            options={
                'ordering': ['-at', '-pk'],
                'permissions': [('write_runbook', 'Can write notes into the runbook')],
            },
        ),
        migrations.AddConstraint(
            model_name='runbooknote',
            constraint=models.UniqueConstraint(django.db.models.functions.comparison.Coalesce('environment', 0), models.F('section'), models.F('version'), name='one_note_per_version'),
        ),
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
