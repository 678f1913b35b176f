"""Checks: small classes, each with the reason and the fix (D2, D4)."""
