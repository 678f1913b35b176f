"""Since when somebody has an incident, apart from when somebody first had it, which is history and stays."""

from django.db import migrations, models
from django.db.models import F


def fill(apps, schema_editor):
    incidents = apps.get_model("incidents", "Incident").objects
    incidents.filter(state="acknowledged").update(taken_at=F("acknowledged_at"))


class Migration(migrations.Migration):

    dependencies = [
        ('incidents', '0015_pages_sent_lately'),
    ]

    operations = [
        migrations.AddField(
            model_name='incident',
            name='taken_at',
            field=models.DateTimeField(blank=True, help_text='Since when somebody has it; too long ago, and it lapses.', null=True),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
