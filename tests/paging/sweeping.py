"""A process that opens incidents and sweeps, whatever becomes of its database meanwhile: `… FOLDER NUMBER`.

It goes on as the schedule does: what cannot be done now is done the next time.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import timedelta

import django
from django.db import Error, connection


def open_incident(number: int) -> None:
    from incidents.models import Severity
    from incidents.services import incidents
    from incidents.services.incidents import Sign
    from smsops.models import Environment

    sign = Sign(f"trial {number}", Severity.CRITICAL, "SMS does not answer", "no answer")
    incidents.report(Environment.objects.get(), sign)


def prepare() -> None:
    from django.contrib.auth.models import User

    from incidents.models import EscalationPolicy, PolicyLevel
    from smsops.models import Environment

    nowhere = {"data_path": "/nowhere", "releases_path": "/nowhere", "base_url": "http://127.0.0.1:9", "host_port": 9}
    Environment.objects.create(name="demo", runtime="process", **nowhere)
    EscalationPolicy.objects.all().delete()
    level = PolicyLevel.objects.create(policy=EscalationPolicy.objects.create(name="Everything"))
    level.users.set([User.objects.create_user(name, email=f"{name}@example.org") for name in ("ada", "bo", "cleo")])


def main(incidents: int) -> None:
    from incidents.services import bundles, sweep

    bundles.ALONE, bundles.LATELY = sys.maxsize, timedelta()  # a letter for each page, so that they can be counted
    prepare()
    print("ready", flush=True)
    opened = 0
    while True:
        try:
            if opened < incidents:
                open_incident(opened)
                opened += 1
            sweep.sweep()
        except Error:
            connection.close()
        time.sleep(0.02)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    main(int(sys.argv[1]))
