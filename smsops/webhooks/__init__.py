"""Webhooks: other programs are told of changes, each message written with the change and signed (U5)."""
