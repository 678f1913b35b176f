"""Names of tables and columns in statements."""

from __future__ import annotations


def quoted(identifier: str) -> str:
    """An identifier as SQL takes it, whatever it contains."""
    return '"' + identifier.replace('"', '""') + '"'
