"""Tells the figures of the deployments when SMS was not good."""

from __future__ import annotations

from datetime import datetime

from deployments.operations.disturbances import Disturbance
from incidents.fingerprints import SERVICE
from incidents.models import Incident


def since(moment: datetime, environment_id: int) -> list[Disturbance]:
    """The incidents in which SMS did not serve that began there since then, from the first sign until SMS was good
    again."""
    found = Incident.objects.filter(environment=environment_id, fingerprint=SERVICE, detected_at__gte=moment)
    return [Disturbance(*row) for row in found.values_list("environment_id", "detected_at", "resolved_at")]
