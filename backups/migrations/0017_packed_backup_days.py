import json
from itertools import islice

from django.db import migrations

import backups.models.day

BATCH = 5_000


def pack(apps, schema_editor):
    """What was written down as JSON, as numbers: a row a day and environment, so not one by one."""
    rows = _rows(apps).values_list("seconds", "pk").iterator(BATCH)
    _write(schema_editor, "packed", ((backups.models.day.packed(seconds), number) for seconds, number in rows))


def unpack(apps, schema_editor):
    rows = _rows(apps).values_list("packed", "pk").iterator(BATCH)
    _write(schema_editor, "seconds", ((json.dumps(list(seconds)), number) for seconds, number in rows))


def _rows(apps):
    return apps.get_model("backups", "BackupDay").objects.order_by("pk")


def _write(schema_editor, column, rows):
    with schema_editor.connection.cursor() as cursor:
        while some := list(islice(rows, BATCH)):
            cursor.executemany(f"UPDATE backups_backupday SET {column} = %s WHERE id = %s", some)


class Migration(migrations.Migration):

    dependencies = [
        ("backups", "0016_own_backups"),
    ]

    operations = [
        migrations.AddField("BackupDay", "packed", backups.models.day.SecondsField(default=list)),
        migrations.RunPython(pack, unpack, elidable=True),
        migrations.RemoveField("BackupDay", "seconds"),
        migrations.RenameField("BackupDay", "packed", "seconds"),
    ]
