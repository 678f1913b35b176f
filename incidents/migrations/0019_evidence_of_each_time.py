import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def keep_the_first(apps: Apps, schema: BaseDatabaseSchemaEditor) -> None:
    """Before there were several, an incident had one."""
    apps.get_model("incidents", "Triage").objects.filter(time__gt=0).delete()


class Migration(migrations.Migration):
    dependencies = [("incidents", "0018_personal_evidence")]

    operations = [
        migrations.AlterModelOptions(
            name="evidence",
            options={
                "ordering": ["incident", "time", "name"],
                "permissions": [("open_personal_evidence", "Can open a copy of the database taken as evidence")],
                "verbose_name_plural": "evidence",
            },
        ),
        migrations.AddField(
            model_name="evidence",
            name="time",
            field=models.PositiveIntegerField(
                default=0, help_text="How many times it had been reopened when it was taken."
            ),
        ),
        migrations.AddField(
            model_name="incident",
            name="reopened_at",
            field=models.DateTimeField(blank=True, help_text="When it last turned out so.", null=True),
        ),
        migrations.AddField(
            model_name="triage",
            name="time",
            field=models.PositiveIntegerField(default=0, help_text="How many times the incident had been reopened."),
        ),
        migrations.AlterField(
            model_name="triage",
            name="incident",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="triages", to="incidents.incident"
            ),
        ),
        migrations.RunPython(migrations.RunPython.noop, keep_the_first),
        migrations.AddConstraint(
            model_name="triage",
            constraint=models.UniqueConstraint(fields=("incident", "time"), name="one_triage_each_time"),
        ),
    ]
