"""A person before the edge: TLS with the edge's own authority, cookies, and forms sent as a browser does."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import requests

from tests.admin.browser import Page
from tests.compose.installation import Installation

AUTHORITY = "/data/caddy/pki/authorities/local/root.crt"


class Visitor:
    def __init__(self, installation: Installation) -> None:
        self.base = f"https://localhost:{installation.https}"
        trusted = installation.folder / "authority.pem"
        trusted.write_text(installation.compose("exec", "-T", "edge", "cat", AUTHORITY).stdout)
        self.session = requests.Session()
        self.session.verify = str(trusted)
        self.session.trust_env = False

    def open(self, path: str) -> Page:
        return Page(self.session.get(f"{self.base}{path}", timeout=30))

    def send(self, path: str, **fields: Any) -> Page:
        """Send the form on that page, with what is filled in there and these fields."""
        page = self.open(path)
        hidden = {each.attributes["name"]: each.attributes.get("value", "")
                  for each in page.all("input") if each.attributes.get("type") == "hidden"}  # fmt: skip
        response = self.session.post(
            f"{self.base}{path}", data=hidden | fields, headers={"Referer": f"{self.base}{path}"}, timeout=60
        )
        return Page(response)

    def sign_in(self, name: str, password: str) -> Page:
        return self.send("/login/", username=name, password=password, next="/")


def token_of(installation: Installation) -> str:
    """The token of a new source of alerts."""
    name = f"/tmp/token-{time.time_ns()}"
    installation.ops("source", "school", "probe", "generic", "--token-file", name)
    return installation.compose("exec", "-T", "worker", "cat", name).stdout.strip()


def secrets_of(installation: Installation) -> list[str]:
    """What stands in no `docker inspect` and in no log."""
    found = [path.read_text().strip() for path in Path(installation.folder / "secrets").iterdir()]
    return [each for each in found if each]
