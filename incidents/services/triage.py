"""The first look at an incident, by itself and within seconds: what is broken, what runs, what changed (§5.2, I7)."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial

from django.db.models import Exists, OuterRef
from django.db.models.functions import Coalesce
from django.utils import timezone

from incidents.models import LIVE, Incident, Triage
from incidents.services import changes, pieces, suggestions
from incidents.services.together import Answer, Job, within
from smsops import health, zones
from smsops.environments.secrets import known_secrets
from smsops.errors import OpsError
from smsops.http import ask
from smsops.models import ACTIVE, Environment, Run
from smsops.redact import redact
from smsops.runtimes.base import Instance
from smsops.runtimes.registry import runtime_for
from smsops.text import count_text

BOUND = 4.0  # seconds
LATELY = timedelta(hours=1)  # older incidents nobody triages any more
TELLING = re.compile(r"(?i)error|exception|killed|fatal|refus|locked|no such|denied|traceback")


def waiting() -> list[tuple[int, str]]:
    """Live incidents nobody has looked at yet this time, and the queues beside their engines."""
    since = timezone.now() - LATELY
    looked = Triage.objects.filter(incident=OuterRef("pk"), time=OuterRef("reopened"))
    live = Incident.objects.filter(state__in=LIVE).alias(since=Coalesce("reopened_at", "detected_at"))
    found = live.filter(~Exists(looked), since__gte=since)
    return list(found.values_list("pk", "environment__queue"))


def take(incident: Incident) -> Triage:
    """Look once each time it is open, for at most BOUND seconds; another look changes only the guess, which better
    evidence may improve."""
    found = Triage.objects.filter(incident=incident, time=incident.reopened).first()
    guess = redact(suggestions.guess(incident))
    if found is not None:
        Triage.objects.filter(pk=found.pk).exclude(guess=guess).update(guess=guess)
        return found
    values = {name: redact(text) for name, text in _look(incident).items()}
    values["guess"] = guess
    seconds = (timezone.now() - (incident.reopened_at or incident.detected_at)).total_seconds()
    made, _ = Triage.objects.get_or_create(
        incident=incident, time=incident.reopened, defaults={**values, "seconds": seconds}
    )
    return made


def _look(incident: Incident) -> dict[str, str]:
    environment = incident.environment
    secrets = known_secrets(environment)
    jobs: dict[str, Job] = {
        "health": partial(_health, environment),
        "instance": partial(_instance, environment),
        "words": lambda: _words(pieces.log(environment, secrets)),
        "config": lambda: changes.in_short("; ".join(changes.of_config(incident)[1:])),
    }
    found = within(BOUND, jobs)
    runs = Run.objects.filter(environment=environment, state__in=ACTIVE).values_list("title", "pk")
    now = "".join(f" Under way: “{title}” (run {number})." for title, number in runs)
    return {
        "broken": _said(found["health"], "SMS was not asked"),
        "running": _said(found["instance"], "The engine does not tell") + now,
        "changed": f"{changes.of_ours(incident)} Settings: {_said(found['config'], 'not known')}".rstrip(),
        "words": "" if isinstance(found["words"], OpsError) else found["words"],
    }


def _said(answer: Answer, otherwise: str) -> str:
    return f"{otherwise}: {answer.message}" if isinstance(answer, OpsError) else answer


def _health(environment: Environment) -> str:
    live = ask(environment.base_url, health.LIVE, timeout=1.5)
    seen = health.look(environment.base_url, timeout=1.2)
    told = " ".join(health.complaints(seen.body))
    return f"{seen.detail}; {health.LIVE}: {live.describe()}. {told}".strip()


def _instance(environment: Environment) -> str:
    found = runtime_for(environment).inspect(environment.instance)
    return "No instance has SMS's name." if found is None else told(found)


def told(found: Instance) -> str:
    """An instance in a sentence."""
    parts = [f"{found.name} runs {found.version or 'an unknown release'}" if found.up else
             f"{found.name} ({found.version or 'unknown release'}) is {found.status}"]  # fmt: skip
    if found.restarts:
        parts.append(f"the engine started it again {count_text(found.restarts, 'time')}")
    if found.oom_killed:
        parts.append("killed for memory")
    if found.exit_code is not None:
        parts.append(f"exit code {found.exit_code}")
    if found.started_at is not None:
        parts.append(f"started {zones.kept(found.started_at, seconds=True)}")
    return ", ".join(parts) + "."


def _words(log: str) -> str:
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    telling = [line for line in lines if TELLING.search(line)]
    if telling or not lines:
        return (telling or [""])[-1][:300]
    return f"nothing in it tells why; it ends with: {lines[-1]}"[:300]
