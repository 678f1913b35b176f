"""To whom messages went within the last seconds is asked before others go."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("incidents", "0014_recovery_clock")]

    operations = [
        migrations.AddIndex(
            model_name="page",
            index=models.Index(condition=models.Q(("state", "sent")), fields=["sent_at"], name="page_sent_lately"),
        ),
    ]
