"""Environments from a YAML file: `ops env apply FILE`.

demo:
  preset: sms-native
  title: The demo school
  data_path: /srv/sms/data
  smoke_password_file: /run/secrets/smoke
  database_engine: postgresql
  database_url_file: /run/secrets/database
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from django.core.exceptions import ValidationError
from django.db import transaction

from smsops import complaints
from smsops.environments.presets import PRESETS
from smsops.errors import WrongUse
from smsops.models import Environment

LARGEST = 1_000_000  # characters; what never ends is no file of environments either
SECRETS = ("smoke_password", "database_url")  # each may be given as a file as well
_READ_ONLY = {"id", "name", "created_at", "runs"}
FIELDS = frozenset(field.name for field in Environment._meta.concrete_fields) - _READ_ONLY


def load(path: str) -> dict[str, dict[str, Any]]:
    """Return the environments described in the file, by name. Raises WrongUse with one sentence."""
    try:
        with Path(path).open(encoding="utf-8") as file:
            text = file.read(LARGEST + 1)
        if len(text) > LARGEST:
            raise WrongUse(f"{path} is too long for a file of environments.")
        data = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8 text'}.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark else ""
        raise WrongUse(f"{path} is not valid YAML{where}.") from error
    if not isinstance(data, dict) or not all(isinstance(item, dict) for item in data.values()):
        raise WrongUse(f"{path} must map environment names to their fields.")
    return data


def apply(path: str) -> list[tuple[Environment, bool]]:
    """Create or change every environment in the file, all of them or none; return each with “was created”."""
    described = load(path)
    with transaction.atomic():
        return [_apply_one(str(name), fields) for name, fields in described.items()]


def _apply_one(name: str, given: dict[str, Any]) -> tuple[Environment, bool]:
    fields = {str(field): value for field, value in given.items()}
    empty = [field for field, value in fields.items() if value is None]
    if empty:
        raise WrongUse(f"{name}: {empty[0]} is empty; give it a value or leave the line out.")
    for secret in SECRETS:
        if f"{secret}_file" in fields:
            fields[secret] = _secret(name, f"{secret}_file", str(fields.pop(f"{secret}_file")))
    unknown = sorted(set(fields) - FIELDS)
    if unknown:
        raise WrongUse(f"{name}: there is no field “{unknown[0]}”; known are {', '.join(sorted(FIELDS))}.")
    preset = fields.get("preset", "generic")
    if not isinstance(preset, str) or preset not in PRESETS:
        raise WrongUse(f"{name}: there is no preset “{preset}”; known are {', '.join(PRESETS)}.")
    environment = Environment.objects.filter(name=name).first()
    created = environment is None
    environment = environment or Environment(name=name)
    for field, value in ((PRESETS[preset] | fields) if created else fields).items():
        setattr(environment, field, value)
    try:
        environment.full_clean()
    except ValidationError as error:
        raise WrongUse(f"{name}: {complaints.first(error, Environment)}") from error
    environment.save()
    return environment, created


def _secret(name: str, field: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"{name}: {field} {path} cannot be read.") from error
