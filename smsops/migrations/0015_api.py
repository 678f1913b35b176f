"""Tokens of the API, requests that happen once, webhooks and what they are told; runs that were asked for by the API."""

import django.db.models.deletion
import django.utils.timezone
import smsops.fields
from django.apps import apps as installed
from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.db import migrations, models


GIVEN = {
    "Ops lead": ("view_apitoken", "revoke_apitoken", "view_webhook", "add_webhook", "change_webhook", "delete_webhook",
                 "view_webhookdelivery"),
    "Auditor": ("view_apitoken", "view_apirequest", "view_webhook", "view_webhookdelivery"),
}
ROOM = ("Viewer", "Responder", "Operator", "Ops lead", "Auditor")
SEEN = ("view_apitoken", "view_apirequest", "view_webhook", "view_webhookdelivery")


def give(apps, schema_editor):
    """Let the groups smsops comes with do what it is now about; one that is not there any more stays away."""
    create_permissions(installed.get_app_config("smsops"), verbosity=0, using=schema_editor.connection.alias)
    groups, permissions = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    for name, codenames in GIVEN.items():
        for group in groups.objects.filter(name=name):
            group.permissions.add(*permissions.objects.filter(content_type__app_label="smsops", codename__in=codenames))
    for name in ROOM:  # on a new installation an earlier migration had just given them to everybody
        spare = set(SEEN) - set(GIVEN.get(name, ()))
        for group in groups.objects.filter(name=name):
            group.permissions.remove(*permissions.objects.filter(content_type__app_label="smsops", codename__in=spare))


class Migration(migrations.Migration):

    dependencies = [
        ('smsops', '0014_sign_ins'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='run',
            name='trigger',
            field=models.CharField(choices=[('manual', 'By a person'), ('command', 'By a command'), ('api', 'By the API'), ('schedule', 'By the schedule'), ('system', 'By smsops itself')], default='manual', max_length=10),
        ),
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='What uses it, like “CI of the school”.', max_length=80)),
                ('identifier', models.CharField(editable=False, help_text='The part that is no secret.', max_length=12, unique=True)),
                ('digest', models.CharField(editable=False, max_length=64)),
                ('scopes', models.JSONField(default=list)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('expires_at', models.DateTimeField()),
                ('last_used_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('revoked_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('revoked_by', models.CharField(blank=True, editable=False, max_length=150)),
                ('environments', models.ManyToManyField(blank=True, help_text='None: all of them.', related_name='+', to='smsops.environment')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='api_tokens', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'API token',
                'ordering': ['-created_at', '-pk'],
                'permissions': [('revoke_apitoken', 'Can revoke the API tokens of others')],
            },
        ),
        migrations.CreateModel(
            name='Webhook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True)),
                ('url', smsops.fields.EncryptedTextField(verbose_name='address')),
                ('secret', smsops.fields.EncryptedTextField(editable=False)),
                ('events', models.JSONField(blank=True, default=list)),
                ('active', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('failing_since', models.DateTimeField(blank=True, editable=False, null=True)),
                ('silent', models.PositiveIntegerField(default=0, editable=False, help_text='Times in a row it did not answer.')),
                ('rests_until', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('holder', models.CharField(blank=True, editable=False, max_length=160)),
                ('claimed_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('switched_off', models.CharField(blank=True, editable=False, help_text='Why smsops switched it off.', max_length=300)),
                ('environment', models.ForeignKey(blank=True, help_text='Empty: all of them.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='smsops.environment')),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='ApiRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=255)),
                ('digest', models.CharField(help_text='SHA-256 of what was asked for.', max_length=64)),
                ('holder', models.CharField(blank=True, help_text='Who is answering it.', max_length=160)),
                ('claimed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('status', models.PositiveSmallIntegerField(blank=True, help_text='Empty: not answered yet.', null=True)),
                ('headers', models.JSONField(blank=True, default=dict)),
                ('body', models.TextField(blank=True)),
                ('run', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='smsops.run')),
                ('token', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='requests', to='smsops.apitoken')),
            ],
            options={
                'indexes': [models.Index(fields=['claimed_at'], name='apirequest_by_age')],
                'constraints': [models.UniqueConstraint(fields=('token', 'key'), name='one_request_per_idempotency_key')],
            },
        ),
        migrations.CreateModel(
            name='WebhookDelivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('message', models.CharField(help_text='Its webhook-id; the same at every attempt.', max_length=40)),
                ('event', models.CharField(max_length=40)),
                ('about', models.CharField(blank=True, help_text='The object, like “run:7”.', max_length=60)),
                ('body', models.TextField()),
                ('state', models.CharField(choices=[('pending', 'Waits'), ('sent', 'Sent'), ('failed', 'Given up')], default='pending', max_length=10)),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('next_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('status', models.PositiveSmallIntegerField(blank=True, help_text='HTTP status of the last one.', null=True, verbose_name='answer')),
                ('problem', models.CharField(blank=True, max_length=300)),
                ('webhook', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='smsops.webhook')),
            ],
            options={
                'verbose_name_plural': 'webhook deliveries',
                'ordering': ['-pk'],
                'indexes': [models.Index(condition=models.Q(('state', 'pending')), fields=['webhook', 'next_at'], name='webhook_delivery_due'), models.Index(fields=['created_at'], name='webhook_delivery_age')],
                'constraints': [models.UniqueConstraint(fields=('webhook', 'message'), name='one_delivery_per_message')],
            },
        ),
        migrations.RunPython(give, migrations.RunPython.noop),
    ]
