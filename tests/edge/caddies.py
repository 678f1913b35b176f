"""A real Caddy in front of a real SMS."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from smsops.edge import kernel
from smsops.edge.caddy import Caddy
from smsops.http import ask
from smsops.models import EdgeKind
from tests.places import Place, wait_for

PROGRAM = Path(sys.executable).with_name("caddy")


class CaddyServer:
    """Caddy as an installation runs it: orders over a socket of its own, its configuration kept over restarts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.admin = f"unix://{folder}/admin.sock"
        self.process: subprocess.Popen[bytes] | None = None
        (folder / "Caddyfile").write_text(f"{{\n\tadmin unix/{folder}/admin.sock\n\tskip_install_trust\n}}\n")

    def start(self) -> None:
        kernel.hand_over()
        home = {"XDG_CONFIG_HOME": str(self.folder), "XDG_DATA_HOME": str(self.folder), "HOME": str(self.folder)}
        command = [str(PROGRAM), "run", "--resume", "--config", str(self.folder / "Caddyfile")]
        with (self.folder / "caddy.log").open("ab") as log:
            self.process = subprocess.Popen(command, env={**os.environ, **home}, stdout=log, stderr=log)
        wait_for(lambda: ask(self.admin, "/config/").answered, "Caddy")

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


def put_before(place: Place, server: CaddyServer) -> Caddy:
    """Give the place an edge; requests go through it from the next switch on."""
    place.environment.edge, place.environment.edge_admin = EdgeKind.CADDY, server.admin
    place.environment.gate_seconds = 40
    place.environment.full_clean()
    place.environment.save()
    return Caddy(place.environment.name, server.admin, place.environment.host_port)
