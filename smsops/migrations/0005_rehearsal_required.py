"""An environment may want every release rehearsed before it is deployed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("smsops", "0004_compose_file")]

    operations = [
        migrations.AddField(
            model_name="environment",
            name="rehearsal_required",
            field=models.BooleanField(
                default=False,
                help_text="Only a release that was rehearsed on a copy within a day may be deployed.",
            ),
        ),
    ]
