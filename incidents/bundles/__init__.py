"""Bundles: everything about an incident in one file that proves itself, without a database (I7)."""
