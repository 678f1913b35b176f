"""Releases whose image was archived on purpose."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("deployments", "0003_migration_graphs")]
    operations = [
        migrations.AddField(
            "release",
            "archived_at",
            models.DateTimeField(
                blank=True, help_text="When its image was removed on purpose; it can be built again.", null=True
            ),
        ),
    ]
