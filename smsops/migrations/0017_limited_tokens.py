from typing import Any

from django.db import migrations, models


def limit(apps: Any, schema_editor: Any) -> None:
    """Those that are for some environments stay so."""
    tokens = apps.get_model("smsops", "ApiToken")
    tokens.objects.filter(pk__in=tokens.environments.through.objects.values("apitoken_id")).update(limited=True)


class Migration(migrations.Migration):

    dependencies = [
        ('smsops', '0016_scale_indexes'),
    ]

    operations = [
        migrations.AddField(
            model_name='apitoken',
            name='limited',
            field=models.BooleanField(default=False, editable=False, verbose_name='for some environments alone'),
        ),
        migrations.RunPython(limit, migrations.RunPython.noop),
    ]
