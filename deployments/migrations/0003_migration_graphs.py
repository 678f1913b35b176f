"""Releases know how their migrations build on each other, and the way back of each."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("deployments", "0002_config_snapshots")]

    operations = [
        migrations.AddField(
            model_name="release",
            name="graph",
            field=models.JSONField(
                blank=True,
                default=list,
                help_text="Each with its parents and its way back.",
                verbose_name="migrations",
            ),
        ),
    ]
