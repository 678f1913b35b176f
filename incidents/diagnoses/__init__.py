"""The steps of a diagnosis: small classes that look at something and say what they saw; none changes anything (I8)."""

from incidents.diagnoses import database, instance, log, settings

__all__ = ["database", "instance", "log", "settings"]
