"""What the tests of the audit trail share with those of the commands."""

from tests.ops.conftest import ops

__all__ = ["ops"]
