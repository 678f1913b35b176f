"""The tasks of runbook §9 as rows, and the daily bell that begins those smsops does itself; findings of audits.

Both only add what is missing, by key and by name: what an operator made or changed stays as it is.
"""

from datetime import timedelta

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


STANDARD = (
    ("notes", "Tag release & publish notes", "Maintainer", "release", "After verification", ""),
    ("archive", "Archive prior releases", "Ops", "weekly", "Weekly batch or on a major release", "archive"),
    ("dependencies", "Dependency audit", "CI", "commit", "Automatic", "audit"),
    ("backups", "Backup verification", "Ops", "monthly", "Monthly restore test", "restore_test"),
    ("drill", "Disaster recovery drill", "Team", "quarterly", "Full rollback or restore simulation", "drill"),
    ("security", "Secrets scan / security audit", "Security Team", "quarterly", "Code review and secrets scan", ""),
)
PERIODS = {"weekly": 7, "monthly": 31, "quarterly": 92}  # days
BELL, TASK, DESCRIPTION = "smsops: post-deployment tasks", "deployments.post_tasks", "Added by smsops; yours to change."


def add_tasks(apps, schema_editor):
    """Every environment owes what the runbook says; a row that is there already stays."""
    rows = apps.get_model("deployments", "PostTask").objects
    now = django.utils.timezone.now()
    for environment in apps.get_model("smsops", "Environment").objects.all():
        for key, title, owner, frequency, when, kind in STANDARD:
            due = now + timedelta(days=PERIODS[frequency]) if frequency in PERIODS else None
            values = {"title": title, "owner": owner, "frequency": frequency, "when": when, "kind": kind, "due_at": due}
            rows.get_or_create(environment=environment, key=key, defaults=values)


def add_bell(apps, schema_editor):
    """Ring once a day; a periodic task of this name stays as it is, whatever it does."""
    tasks = apps.get_model("django_celery_beat", "PeriodicTask").objects
    if tasks.filter(name=BELL).exists():
        return
    times = apps.get_model("django_celery_beat", "CrontabSchedule").objects
    daily = {"minute": "40", "hour": "5", "day_of_week": "*", "day_of_month": "*", "month_of_year": "*"}
    schedule = times.filter(**daily).first() or times.create(**daily)
    tasks.create(name=BELL, task=TASK, crontab=schedule, expire_seconds=6 * 3600, description=DESCRIPTION)


def remove_bell(apps, schema_editor):
    """Only the one that was added here, and is still what it was."""
    tasks = apps.get_model("django_celery_beat", "PeriodicTask").objects
    tasks.filter(name=BELL, task=TASK, description=DESCRIPTION, crontab__minute="40", crontab__hour="5").delete()


class Migration(migrations.Migration):

    dependencies = [
        ('deployments', '0005_committed_at'),
        ('smsops', '0005_rehearsal_required'),
        ('django_celery_beat', '0018_improve_crontab_helptext'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Finding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.CharField(max_length=60, verbose_name='release')),
                ('tool', models.CharField(max_length=20)),
                ('severity', models.CharField(choices=[('critical', 'Critical'), ('high', 'High'), ('moderate', 'Moderate'), ('low', 'Low'), ('unknown', 'Unknown')], default='unknown', max_length=10)),
                ('package', models.CharField(blank=True, max_length=200)),
                ('installed', models.CharField(blank=True, max_length=100)),
                ('advisory', models.CharField(blank=True, max_length=200)),
                ('fix', models.CharField(blank=True, max_length=200, verbose_name='fixed in')),
                ('file', models.CharField(blank=True, max_length=500)),
                ('line', models.PositiveIntegerField(blank=True, null=True)),
                ('what', models.CharField(help_text="The advisory's title, or what sort of secret it looks like.", max_length=300)),
                ('mark', models.CharField(editable=False, max_length=64)),
                ('found_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('accepted_at', models.DateTimeField(blank=True, null=True)),
                ('accepted_by', models.CharField(blank=True, max_length=150)),
                ('accepted_reason', models.TextField(blank=True)),
                ('accepted_by_user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('environment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='findings', to='smsops.environment')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='findings', to='smsops.run')),
            ],
            options={
                'ordering': ['-found_at', 'pk'],
                'permissions': [('audit_release', 'Can audit a release'), ('accept_finding', 'Can accept a finding')],
                'indexes': [models.Index(fields=['environment', 'mark'], name='finding_by_mark')],
                'constraints': [models.UniqueConstraint(fields=('run', 'tool', 'mark'), name='one_finding_per_audit')],
            },
        ),
        migrations.CreateModel(
            name='PostTask',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(blank=True, editable=False, max_length=30)),
                ('title', models.CharField(max_length=120)),
                ('owner', models.CharField(max_length=80)),
                ('frequency', models.CharField(choices=[('release', 'Per release'), ('commit', 'Every commit'), ('weekly', 'Weekly'), ('monthly', 'Monthly'), ('quarterly', 'Quarterly')], max_length=10)),
                ('when', models.CharField(blank=True, help_text='In words, like “After verification”.', max_length=120)),
                ('kind', models.CharField(blank=True, help_text='Like “audit”. Empty: a person does it.', max_length=30, verbose_name='done by runs of kind')),
                ('enabled', models.BooleanField(default=True, help_text='Off: it is never due.')),
                ('due_at', models.DateTimeField(blank=True, help_text='Empty: nothing to do until it comes up.', null=True, verbose_name='due')),
                ('done_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='last done')),
                ('done_by', models.CharField(blank=True, editable=False, max_length=150)),
                ('note', models.TextField(blank=True, editable=False, verbose_name='evidence')),
                ('done_by_user', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('done_run', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='smsops.run')),
                ('environment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='post_tasks', to='smsops.environment')),
            ],
            options={
                'verbose_name': 'post-deployment task',
                'ordering': ['environment', 'pk'],
                'permissions': [('complete_posttask', 'Can mark a post-deployment task as done')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('key', ''), _negated=True), fields=('environment', 'key'), name='one_standard_task_per_key')],
            },
        ),
        migrations.RunPython(add_tasks, migrations.RunPython.noop),
        migrations.RunPython(add_bell, remove_bell),
    ]
