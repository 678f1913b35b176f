"""Releases know when their commit was made; the operations log is a view of the runs."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("deployments", "0004_archived_releases"), ("smsops", "0005_rehearsal_required")]

    operations = [
        migrations.AddField(
            model_name="release",
            name="committed_at",
            field=models.DateTimeField(blank=True, help_text="When the tag's commit was made.", null=True),
        ),
        migrations.CreateModel(
            name="Operation",
            fields=[],
            options={
                "verbose_name": "operation",
                "verbose_name_plural": "operations log",
                "ordering": ["-created_at", "-pk"],
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("smsops.run",),
        ),
    ]
