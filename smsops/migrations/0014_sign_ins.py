"""Sessions, second factors and single sign-on of people; ops leads may help those who cannot get in."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

LEAD, NAME = "Ops lead", "manage_signin"


def grant(apps, schema_editor):
    """Django makes permissions after the last migration; the group, where it is there, needs this one now."""
    kind, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(app_label="smsops", model="signin")
    said = "Can lift lockouts, reset second factors and end sessions of people"
    permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=kind, codename=NAME, defaults={"name": said}
    )
    for group in apps.get_model("auth", "Group").objects.filter(name=LEAD):
        group.permissions.add(permission)


def withdraw(apps, schema_editor):
    permissions = apps.get_model("auth", "Permission").objects
    permissions.filter(content_type__app_label="smsops", codename=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("smsops", "0013_roles_complete"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("sessions", "0001_initial"),
        ("otp_static", "0003_add_timestamps"),
        ("otp_totp", "0003_add_timestamps"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SignIn",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("how", models.CharField(choices=[("password", "Password"), ("code", "Password and code"), ("backup_code", "Password and backup code"), ("oidc", "Single sign-on")], default="password", max_length=12)),
                ("address", models.GenericIPAddressField(null=True)),
                ("agent", models.CharField(blank=True, max_length=255, verbose_name="browser")),
                ("seen_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="last seen")),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_why", models.CharField(blank=True, max_length=100)),
                ("session", models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="sessions.session")),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="sign_ins", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "ordering": ["-at", "-pk"],
                "permissions": [("manage_signin", "Can lift lockouts, reset second factors and end sessions of people")],
                "default_permissions": (),
                "indexes": [models.Index(fields=["user", "-at"], name="sign_ins_of_a_person")],
            },
        ),
        migrations.CreateModel(
            name="Identity",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("issuer", models.CharField(max_length=300)),
                ("subject", models.CharField(max_length=255)),
                ("linked_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="identities", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "default_permissions": (),
                "constraints": [models.UniqueConstraint(fields=("issuer", "subject"), name="one_person_per_identity")],
            },
        ),
        migrations.CreateModel(
            name="Authenticator",
            fields=[],
            options={"proxy": True, "default_permissions": (), "indexes": [], "constraints": []},
            bases=("otp_totp.totpdevice",),
        ),
        migrations.CreateModel(
            name="BackupCodes",
            fields=[],
            options={"proxy": True, "default_permissions": (), "indexes": [], "constraints": []},
            bases=("otp_static.staticdevice",),
        ),
        migrations.RunPython(grant, withdraw),
    ]
