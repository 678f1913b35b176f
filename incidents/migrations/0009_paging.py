"""Since when nobody has an incident, why nobody is paged, who declined; one more condition of levels."""

import datetime

import django.utils.timezone
from django.db import migrations, models

CONDITIONS = [
    ("", "Nothing: the time alone counts"),
    ("integrity_failed", "An integrity check fails"),
    ("exposure_confirmed", "The exposure is confirmed"),
    ("rows_lost", "Rows are lost"),
    ("undo_failed", "A change could not be undone"),
    ("cause_unknown", "The root cause is still unknown"),
    ("unresolved", "It is not over, acknowledged or not"),
    ("unanswered", "Nobody has it within its severity's response time"),
]


class Migration(migrations.Migration):
    dependencies = [("incidents", "0008_after_an_incident")]

    operations = [
        migrations.AddField(
            "escalation",
            "free_since",
            models.DateTimeField(default=django.utils.timezone.now, help_text="Since when nobody has it."),
        ),
        migrations.AddField("escalation", "excuse", models.CharField(blank=True, default="", max_length=200), False),
        migrations.AddField("escalation", "declined", models.JSONField(blank=True, default=list)),
        migrations.AlterField(
            "policylevel",
            "condition",
            models.CharField(blank=True, choices=CONDITIONS, default="", max_length=20),
        ),
        migrations.AlterField(
            "rota",
            "handover",
            models.TimeField(default=datetime.time(9), help_text="The time of day at which the turn changes."),
        ),
    ]
