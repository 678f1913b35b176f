"""A person at the SMS's API: signs in, counts students, deletes some."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from demo.stage import ADMIN_EMAIL


class School:
    """Talks to a running SMS."""

    def __init__(self, base_url: str, password: str) -> None:
        self.base_url, self.password, self.token = base_url, password, ""

    def _ask(self, method: str, path: str, payload: Any = None) -> Any:
        body = None if payload is None else json.dumps(payload).encode()
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(self.base_url + path, body, headers, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read() or b"null")

    def sign_in(self) -> None:
        """Get a token for what follows."""
        account = {"email": ADMIN_EMAIL, "password": self.password}
        self.token = self._ask("POST", "/api/v1/auth/login", account)["access_token"]

    def count(self) -> int:
        """How many students SMS shows."""
        return int(self._ask("GET", "/api/v1/students/?limit=1")["total"])

    def announce(self, title: str) -> None:
        """Tell everybody; from 1.19.0 on."""
        self._ask("POST", "/api/v1/announcements/", {"title": title})

    def note_guardians(self, number: int) -> None:
        """Write the phone number of a guardian down for the first students of the list; from 1.19.0 on."""
        for student in self._ask("GET", f"/api/v1/students/?limit={number}")["items"]:
            phone = f"+30 210 000 {student['id']:04d}"
            self._ask("PUT", f"/api/v1/students/{student['id']}", {"guardian_phone": phone})

    def delete(self, number: int) -> int:
        """Delete that many students, the first ones of the list; return how many went."""
        students = self._ask("GET", f"/api/v1/students/?limit={number}")["items"]
        for student in students:
            self._ask("DELETE", f"/api/v1/students/{student['id']}")
        return len(students)
