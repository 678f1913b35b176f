"""Environments, what is known of their releases, and how they were seen."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from deployments import versions
from deployments.models import CheckResult, ConfigSnapshot, Release
from incidents.models import Watch
from smsops.models import Environment
from smsops.runtimes.base import Instance
from smsops.runtimes.registry import runtime_for
from tests.factories.words import CANARY, unique


def make_environment(**fields: Any) -> Environment:
    """An environment of the process runtime, with an empty data folder and an empty folder of releases; one of Docker's
    has a volume of its own."""
    name = fields.setdefault("name", unique("env-"))
    folder = Path(settings.SMSOPS_WORK_DIR).parent / "places" / name
    for part in ("data", "releases"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    defaults = {
        "runtime": "process",
        "volume": f"{name}_data" if fields.get("runtime") == "docker" else "",
        "data_path": str(folder / "data"),
        "releases_path": str(folder / "releases"),
        "base_url": "http://127.0.0.1:9",  # the discard port: nobody answers there
        "host_port": 9,
    }
    environment = Environment(**{**defaults, **fields})
    environment.full_clean()
    environment.save()
    return environment


def make_release(
    environment: Environment, version: str = "1.18.0", *, installed: bool = True, program: str = "", **fields: Any
) -> Release:
    """A release, by default with its folder, which stands for an image, where the runtime finds it; `program` is what
    it does when it is started."""
    image_id = fields.setdefault("image_id", f"tree:{uuid.uuid4().hex}" if installed else "")
    if installed:
        folder = Path(environment.releases_path) / version
        (folder / "backend").mkdir(parents=True)
        (folder / "backend" / "entrypoint.py").write_text(program)
        (folder / ".smsops-release.json").write_text(json.dumps({"id": image_id}))
    fields.setdefault("order", versions.sort_key(version))
    return Release.objects.create(environment=environment, version=version, **fields)


def make_config_snapshot(environment: Environment | None = None, **fields: Any) -> ConfigSnapshot:
    """A snapshot whose files hold the canary."""
    defaults = {"digest": "d" * 64, "variables": {"SECRET_KEY": "f" * 32}, "env_content": f"SECRET_KEY={CANARY}\n"}
    return ConfigSnapshot.objects.create(environment=environment or make_environment(), **{**defaults, **fields})


def make_check_result(environment: Environment | None = None, **fields: Any) -> CheckResult:
    """What a check said now, by default a good answer of the checklist that nobody's run asked for."""
    defaults = {"stage": "checklist", "key": "health", "section": "§3", "title": "Health", "verdict": "pass"}
    return CheckResult.objects.create(environment=environment or make_environment(), **{**defaults, **fields})


def make_instance(environment: Environment, release: Release) -> Instance:
    """The instance under the environment's name, made from the release and never started."""
    return runtime_for(environment).create(environment.instance, release.image_id, {})


def make_watch(environment: Environment, **fields: Any) -> Watch:
    """What the watcher remembers: by default it has just seen a healthy SMS."""
    now = timezone.now()
    defaults = {
        "looked_at": now,
        "asked_at": now,
        "status": "healthy",
        "ready": True,
        "detail": "/health: healthy (HTTP 200), /health/ready: ready",
        "release": "1.18.0",
        "response_ms": 12,
    }
    return Watch.objects.create(environment=environment, **{**defaults, **fields})
