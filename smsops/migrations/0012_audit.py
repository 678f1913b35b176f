"""The audit trail, and triggers by which the database itself refuses to change or remove an entry.

A migration that makes the table anew on SQLite (any change of a column) drops the triggers with the old one and calls
`guard` again. To go back removes the trail: export it before.
"""

from django.db import migrations, models

TABLE = "smsops_auditentry"
REFUSAL = "entries of the audit trail are never changed or removed"
GUARD = {
    "sqlite": (
        f"CREATE TRIGGER IF NOT EXISTS smsops_audit_no_update BEFORE UPDATE ON {TABLE} "
        f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END",
        f"CREATE TRIGGER IF NOT EXISTS smsops_audit_no_delete BEFORE DELETE ON {TABLE} "
        f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION smsops_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$",
        f"DROP TRIGGER IF EXISTS smsops_audit_no_update ON {TABLE}",
        f"DROP TRIGGER IF EXISTS smsops_audit_no_truncate ON {TABLE}",
        f"CREATE TRIGGER smsops_audit_no_update BEFORE UPDATE OR DELETE ON {TABLE} "
        "FOR EACH ROW EXECUTE FUNCTION smsops_audit_refuse()",
        f"CREATE TRIGGER smsops_audit_no_truncate BEFORE TRUNCATE ON {TABLE} "
        "FOR EACH STATEMENT EXECUTE FUNCTION smsops_audit_refuse()",
    ),
}
UNGUARD = {
    "sqlite": ("DROP TRIGGER IF EXISTS smsops_audit_no_update", "DROP TRIGGER IF EXISTS smsops_audit_no_delete"),
    "postgresql": (
        f"DROP TRIGGER IF EXISTS smsops_audit_no_update ON {TABLE}",
        f"DROP TRIGGER IF EXISTS smsops_audit_no_truncate ON {TABLE}",
        "DROP FUNCTION IF EXISTS smsops_audit_refuse()",
    ),
}


def guard(apps, schema_editor):
    for statement in GUARD[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)


def unguard(apps, schema_editor):
    for statement in UNGUARD[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("smsops", "0011_restart_permission")]

    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("sequence", models.BigIntegerField(primary_key=True, serialize=False, verbose_name="entry")),
                ("previous", models.CharField(max_length=64, unique=True)),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("at", models.DateTimeField(db_index=True, verbose_name="when")),
                ("sort", models.CharField(choices=[("form", "Form"), ("button", "Button"), ("run", "Run"), ("command", "Command"), ("sign-in", "Sign-in"), ("link", "Link in a message"), ("taken", "Taken out"), ("trail", "The trail itself")], max_length=10)),
                ("action", models.CharField(max_length=100)),
                ("outcome", models.CharField(blank=True, choices=[("refused", "Refused"), ("failed", "Broken off")], max_length=10)),
                ("who", models.CharField(max_length=150)),
                ("user", models.BigIntegerField(blank=True, null=True, verbose_name="number of the user")),
                ("door", models.CharField(choices=[("admin", "Admin"), ("command", "Command line"), ("link", "Link in a message"), ("api", "API"), ("self", "smsops itself")], max_length=10, verbose_name="by")),
                ("address", models.CharField(blank=True, max_length=100, verbose_name="from")),
                ("agent", models.CharField(blank=True, max_length=100, verbose_name="browser")),
                ("kind", models.CharField(blank=True, max_length=60, verbose_name="kind of object")),
                ("number", models.CharField(blank=True, max_length=60, verbose_name="number of the object")),
                ("words", models.CharField(blank=True, max_length=200, verbose_name="object")),
                ("reason", models.TextField(blank=True)),
                ("changes", models.JSONField(blank=True, default=dict)),
                ("given", models.JSONField(blank=True, default=dict)),
                ("scope", models.CharField(blank=True, max_length=60)),
                ("together", models.CharField(blank=True, max_length=32)),
            ],
            options={
                "verbose_name": "audit entry",
                "verbose_name_plural": "audit trail",
                "ordering": ["-sequence"],
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(fields=["kind", "number", "-sequence"], name="audit_by_object"),
                    models.Index(fields=["who", "-sequence"], name="audit_by_person"),
                    models.Index(fields=["action", "-sequence"], name="audit_by_action"),
                    models.Index(fields=["together"], name="audit_together"),
                ],
            },
        ),
        migrations.RunPython(guard, unguard),
    ]
