"""Config snapshots: what SMS was configured with, and what is another now; no value is ever shown (B15)."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from deployments.models import ConfigSnapshot
from deployments.sources import inspection
from smsops import envfile
from smsops.environments.secrets import known_secrets
from smsops.errors import OpsError, WrongUse
from smsops.fields import EncryptedTextField
from smsops.models import Environment, Run
from smsops.redact import redact_data
from smsops.runtimes.base import Runtime

LONGEST = 1024 * 1024  # bytes of a .env or compose file
UNTOLD = frozenset(("id", "created_at", "title"))
SEALED = frozenset(field.name for field in Environment._meta.concrete_fields if isinstance(field, EncryptedTextField))
FILES = {"env_content": ".env", "compose_content": "docker-compose.yml"}


@dataclass(frozen=True)
class Change:
    """One difference: in which part, of which name, and how. `before` and `after` are empty for variables."""

    part: str
    name: str
    change: str
    before: str = ""
    after: str = ""


def fingerprint(text: str) -> str:
    """Tells equal texts from unequal ones and nothing else, to nobody without the installation's field key."""
    key = hashlib.sha256(b"smsops config " + settings.FIELD_KEY.encode()).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:32]


def look(environment: Environment, runtime: Runtime) -> ConfigSnapshot:
    """What SMS is configured with now, as a row that is not saved. OpsError when a file it names cannot be read."""
    env_content, compose = read(environment.env_file), read(environment.compose_file)
    running = runtime.inspect(environment.instance)
    described: Mapping[str, Any] = runtime.describe(environment.instance)
    found = ConfigSnapshot(
        environment=environment,
        release_version=running.version[:60] if running else "",
        image_id=running.image_id if running else "",
        variables=_fingerprints(envfile.parse(env_content.removeprefix("\ufeff"))),
        running=_fingerprints(inspection.variables(described)),
        instance=redact_data(inspection.facts(described), known_secrets(environment)),
        fields=_fields(environment),
        env_content=env_content,
        compose_content=compose,
        compose_digest=fingerprint(compose) if compose else "",
    )
    found.digest = _digest(found)
    return found


def take(environment: Environment, runtime: Runtime, run: Run | None) -> tuple[ConfigSnapshot, bool]:
    """The snapshot of now, and whether it is new: one that is like the last one is not stored again."""
    found = look(environment, runtime)
    last = ConfigSnapshot.objects.filter(environment=environment).first()
    if last is not None and last.digest == found.digest:
        ConfigSnapshot.objects.filter(pk=last.pk).update(seen_at=timezone.now())
        return last, False
    found.run = run
    found.save()
    return found, True


def read(path: str) -> str:
    """The text of a file of settings, every character of it; empty without a path. OpsError when it cannot be had."""
    if not path:
        return ""
    try:
        data = Path(path).read_bytes()[: LONGEST + 1]
        text = data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise OpsError(
            f"{path} cannot be read: {reason}.", fix="Correct the environment's path, or the file."
        ) from error
    if len(data) > LONGEST:
        raise OpsError(f"{path} is too large for a file of settings.")
    return text


def _fingerprints(variables: Mapping[str, str]) -> dict[str, str]:
    return {name: fingerprint(value) for name, value in sorted(variables.items())}


def _fields(environment: Environment) -> dict[str, Any]:
    """The environment's fields as JSON; of sealed ones the fingerprint."""
    found: dict[str, Any] = {}
    for field in Environment._meta.concrete_fields:
        value = getattr(environment, field.name)
        if field.name in UNTOLD:
            continue
        found[field.name] = (value and fingerprint(value)) if field.name in SEALED else value
    return {name: value if name in SEALED else redact_data(value) for name, value in found.items()}


def _digest(found: ConfigSnapshot) -> str:
    """Over the fingerprints and what is told openly; the sealed texts by their own."""
    parts = [found.release_version, found.image_id, found.variables, found.running, found.instance, found.fields,
             fingerprint(found.env_content), found.compose_digest]  # fmt: skip
    return fingerprint(json.dumps(parts, sort_keys=True, default=str))


def diff(before: ConfigSnapshot, after: ConfigSnapshot) -> list[Change]:
    """What is another in `after`; of variables only the names."""
    found = [
        Change("release", name, "changed", str(one), str(other))
        for name, one, other in (
            ("release", before.release_version, after.release_version),
            ("image", before.image_id, after.image_id),
        )
        if one != other
    ]
    found += _names("variable", before.variables, after.variables)
    found += _names("running with", before.running, after.running)
    if before.compose_digest != after.compose_digest:
        found.append(Change("file", "compose file", _word(bool(before.compose_digest), bool(after.compose_digest))))
    found += _values("instance", before.instance, after.instance)
    found += _values("environment", before.fields, after.fields)
    return found


def unapplied(snapshot: ConfigSnapshot) -> list[str]:
    """Variables of the file that the instance does not run with: it was made before they were changed (contract 21)."""
    running: dict[str, str] = snapshot.running
    return [name for name, value in snapshot.variables.items() if running and running.get(name) != value]


def _names(part: str, before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    return [
        Change(part, name, _word(name in before, name in after))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]


def _values(part: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    found = []
    for each in _names(part, before, after):
        sealed = part == "environment" and each.name in SEALED
        told = ("", "") if sealed else (_told(before.get(each.name)), _told(after.get(each.name)))
        found.append(Change(part, each.name, each.change, *told))
    return found


def _told(value: Any) -> str:
    if value is None:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _word(was: bool, is_now: bool) -> str:
    return "changed" if was and is_now else "removed" if was else "added"


def find(environment: Environment, word: str, runtime: Runtime) -> ConfigSnapshot:
    """The snapshot of that number, or “now”; WrongUse when there is none."""
    if word == "now":
        return look(environment, runtime)
    known = ConfigSnapshot.objects.filter(environment=environment)
    found = known.filter(pk=int(word)).first() if word.isdecimal() and len(word) < 18 else None
    if found is None:
        numbers = ", ".join(str(number) for number in known.values_list("pk", flat=True)[:8]) or "none yet"
        raise WrongUse(f"{environment.name} has no config snapshot “{word}”; known are {numbers}, and “now”.")
    return found


def write_files(snapshot: ConfigSnapshot, folder: Path) -> list[Path]:
    """Write the files as they were into `folder`, readable by their owner only; nothing is ever written over."""
    written = []
    for field, name in FILES.items():
        text = getattr(snapshot, field)
        if not text:
            continue
        path = folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise WrongUse(f"{path} exists already; nothing is written over.") from None
        except OSError as error:
            raise OpsError(f"{path} cannot be written: {error.strerror}.") from error
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        written.append(path)
    if not written:
        raise OpsError("It has no files, or the field key they were sealed with is not the one here.")
    return written
