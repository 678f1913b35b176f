"""A telephone for the demo: a chat service on loopback that rings, keeps what it was told, and answers by the link."""

from __future__ import annotations

import json
import re
import threading
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Telephone:
    """Takes what smsops sends to `address`; ends with `hang_up`."""

    def __init__(self) -> None:
        heard = self.heard = list[str]()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                said = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
                heard.append(f"{said.get('title', '')}\n{said.get('message', '')}")
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing: the story is told elsewhere."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"json://127.0.0.1:{self.server.server_port}/"

    def answer(self) -> None:
        """Press “I have it” on the page behind the link of the last message."""
        link = re.search(r"Acknowledge: (\S+)", self.heard[-1])
        if link is None:
            raise ValueError("there is no link in what the telephone was told")
        person = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        page = person.open(link[1], timeout=10).read().decode()
        word = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        form = {"answer": "mine", "csrfmiddlewaretoken": word[1] if word else ""}
        person.open(link[1], urllib.parse.urlencode(form).encode(), timeout=10).read()

    def hang_up(self) -> None:
        self.server.shutdown()
        self.server.server_close()
