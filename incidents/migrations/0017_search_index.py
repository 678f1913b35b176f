"""Indexes for the search over incidents, their timelines and post-mortems, where the database is PostgreSQL.

They take the place of those of 0008_after_an_incident, which were over whole texts: PostgreSQL refuses a very long one.
"""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import migrations
from django.db.models.functions import Left

FIRST = 100_000  # as in incidents/searching/vectors.py, like the rest of the expression
WORDS = {
    "Incident": ("incident_words", ("title", "resolution", "cause")),
    "PostMortem": ("postmortem_words", ("searchable",)),
    "TimelineEntry": ("timeline_words", ("text",)),
}
BEFORE = {
    "timeline_words": ("incidents_timelineentry", "text"),
    "postmortem_words": ("incidents_postmortem", "searchable"),
}


def indexes(apps, schema_editor):
    """Each with its model; none where the database has no full text."""
    if schema_editor.connection.vendor != "postgresql":
        return
    for model, (name, columns) in WORDS.items():
        words = SearchVector(*(Left(column, FIRST) for column in columns), config="english")
        yield apps.get_model("incidents", model), GinIndex(words, name=name)


def make(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name in BEFORE:
            schema_editor.execute(f"DROP INDEX IF EXISTS {name}")
    for model, index in indexes(apps, schema_editor):
        schema_editor.add_index(model, index)


def take_back(apps, schema_editor):
    for model, index in indexes(apps, schema_editor):
        schema_editor.remove_index(model, index)
    if schema_editor.connection.vendor == "postgresql":
        for name, (table, column) in BEFORE.items():
            vector = f"to_tsvector('english'::regconfig, COALESCE({column}, ''))"
            schema_editor.execute(f"CREATE INDEX {name} ON {table} USING gin ({vector})")


class Migration(migrations.Migration):

    dependencies = [
        ('incidents', '0016_answered'),
    ]

    operations = [
        migrations.RunPython(make, take_back),
    ]
