"""Ready-made shapes of an environment (features.md K1); a field given by hand always wins."""

from __future__ import annotations

from typing import Any

PRESETS: dict[str, dict[str, Any]] = {
    # `docker run` as DOCKER.ps1 does it (sms-contract §6)
    "sms-docker": {
        "runtime": "docker",
        "instance": "sms-app",
        "image": "sms-fullstack",
        "volume": "sms_data",
        "database_file": "student_management.db",
        "base_url": "http://127.0.0.1:8080",
        "host_port": 8080,
        "container_port": 8000,
    },
    # SMS's own NATIVE mode, under our supervisor
    "sms-native": {
        "runtime": "process",
        "instance": "sms-app",
        "volume": "",
        "database_file": "student_management.db",
        "base_url": "http://127.0.0.1:8080",
        "host_port": 8080,
    },
    "generic": {},
}
