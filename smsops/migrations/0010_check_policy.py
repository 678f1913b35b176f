"""Which checks an environment has switched off, and whether its rate limit may be tried out."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("smsops", "0009_roles")]

    operations = [
        migrations.AddField(
            model_name="environment",
            name="checks_off",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text='Keys of checks and why, like {"bundle": "The page comes from elsewhere."}.',
                verbose_name="checks switched off",
            ),
        ),
        migrations.AddField(
            model_name="environment",
            name="rate_limit_check",
            field=models.BooleanField(
                default=False,
                help_text="Up to 1,020 reads in a row (runbook §3): never where people work.",
                verbose_name="rate limit may be tried out",
            ),
        ),
    ]
