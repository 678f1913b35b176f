"""What checks said, by run or on demand."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("deployments", "0006_post_tasks"), ("smsops", "0005_rehearsal_required")]

    operations = [
        migrations.CreateModel(
            name="CheckResult",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stage", models.CharField(max_length=20)),
                ("on_copy", models.BooleanField(default=False, verbose_name="on a copy")),
                ("key", models.CharField(max_length=60)),
                ("section", models.CharField(blank=True, max_length=20)),
                ("title", models.CharField(max_length=120)),
                (
                    "verdict",
                    models.CharField(
                        choices=[("pass", "Pass"), ("warn", "Warning"), ("fail", "Fail"), ("skip", "Skipped")],
                        max_length=4,
                    ),
                ),
                ("detail", models.TextField(blank=True)),
                ("fix", models.TextField(blank=True)),
                ("seconds", models.FloatField(default=0)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "environment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="check_results",
                        to="smsops.environment",
                    ),
                ),
                (
                    "release",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="deployments.release",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="check_results",
                        to="smsops.run",
                    ),
                ),
            ],
            options={
                "verbose_name": "check result",
                "ordering": ["-at", "pk"],
                "indexes": [models.Index(fields=["environment", "key", "-at"], name="check_results_by_key")],
            },
        ),
    ]
