"""Path converters of our pages."""

from __future__ import annotations

from django.urls import register_converter
from django.urls.converters import IntConverter


class RowConverter(IntConverter):
    """A row's number; one that no database can hold is no address."""

    regex = "[0-9]{1,18}"


register_converter(RowConverter, "row")
