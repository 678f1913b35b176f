"""How much a run may cost, and from which cost on an environment wants a second person."""

from __future__ import annotations

from django.db import models


class Risk(models.IntegerChoices):
    """What a run may cost when all goes as planned; the greater, the worse."""

    ROUTINE = 10, "Routine"
    DISTURBING = 20, "SMS is disturbed"
    LOSING = 30, "Data is lost"


class SecondPerson(models.TextChoices):
    """From which risk on a run that a person asks for waits for another one."""

    NEVER = "never", "Never"
    LOSING = "losing", "Where data is lost"
    DISTURBING = "disturbing", "Where SMS is disturbed, or data is lost"


_FROM = {SecondPerson.LOSING: Risk.LOSING, SecondPerson.DISTURBING: Risk.DISTURBING}


def wants_second_person(policy: str, risk: Risk) -> bool:
    """Whether a run of that risk waits for a second person under that policy."""
    return policy != SecondPerson.NEVER and risk >= _FROM[SecondPerson(policy)]
