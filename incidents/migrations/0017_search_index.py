"""Indexes for the search over incidents, their timelines and post-mortems, where the database is PostgreSQL."""

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


def indexes(apps, schema_editor):
    """Each with its model; none where the database has no full text."""
    if schema_editor.connection.vendor != "postgresql":
        return
    for model, (name, columns) in WORDS.items():
        words = SearchVector(*(Left(column, FIRST) for column in columns), config="english")
        yield apps.get_model("incidents", model), GinIndex(words, name=name)


def make(apps, schema_editor):
    for model, index in indexes(apps, schema_editor):
        schema_editor.add_index(model, index)


def take_back(apps, schema_editor):
    for model, index in indexes(apps, schema_editor):
        schema_editor.remove_index(model, index)


class Migration(migrations.Migration):

    dependencies = [
        ('incidents', '0016_answered'),
    ]

    operations = [
        migrations.RunPython(make, take_back),
    ]
