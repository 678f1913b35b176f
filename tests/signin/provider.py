"""A small OpenID provider on loopback: real tokens, really signed; and the ways in which one can be wrong.

It has one account, `account`, whose owner is always signed in there. What a test changes in `lies` goes into the token,
and `told` into the answer of the userinfo endpoint.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "smsops", "client-secret-of-the-tests"


class Provider:
    """Listens from the beginning; `close` ends it."""

    def __init__(self) -> None:
        self.key, self.foreign = (RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}) for _ in range(2))
        self.account: dict[str, Any] = {
            "sub": "42", "email": "maria@school.example", "email_verified": True, "preferred_username": "maria",
            "groups": [],
        }  # fmt: skip
        self.lies: dict[str, Any] = {}
        self.told: dict[str, Any] = {}
        self.signed_by, self.algorithm = self.key, "RS256"
        self.asked: list[dict[str, str]] = []  # what people were sent here with
        self.codes: dict[str, dict[str, str]] = {}
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.answer(self, "")

            def do_POST(self) -> None:
                provider.answer(self, self.rfile.read(int(self.headers["Content-Length"])).decode())

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def answer(self, request: BaseHTTPRequestHandler, body: str) -> None:
        url = urlsplit(request.path)
        given = {name: values[0] for name, values in parse_qs(body or url.query).items()}
        pages: dict[str, Callable[[], tuple[int, Any]]] = {
            "/.well-known/openid-configuration": lambda: (200, self.described()),
            "/authorize": lambda: (302, self.authorize(given)),
            "/token": lambda: self.token(given),
            "/userinfo": lambda: (200, {**self.account, **self.told}),
            "/jwks": lambda: (200, {"keys": [{**self.key.as_dict(private=False), "alg": "RS256"}]}),
        }
        status, answer = pages[url.path]()
        request.send_response(status)
        if status == 302:
            request.send_header("Location", str(answer))
        data = b"" if status == 302 else json.dumps(answer).encode()
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data)

    def described(self) -> dict[str, str]:
        names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "userinfo_endpoint": "userinfo"}
        found = {name: f"{self.issuer}/{path}" for name, path in names.items()}
        return {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/jwks", **found}

    def authorize(self, given: dict[str, str]) -> str:
        """Back to whoever asked, with a code for once."""
        self.asked.append(given)
        code = secrets.token_urlsafe(16)
        self.codes[code] = given
        return f"{given['redirect_uri']}?{urlencode({'code': code, 'state': given['state']})}"

    def token(self, given: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """The token for a code, to whoever knows the client's secret and what the challenge was made of (PKCE)."""
        asked = self.codes.pop(given.get("code", ""), None)
        made = base64.urlsafe_b64encode(hashlib.sha256(given.get("code_verifier", "").encode()).digest())
        if (
            asked is None
            or given.get("client_secret") != SECRET
            or asked.get("code_challenge_method") != "S256"
            or asked["code_challenge"] != made.decode().rstrip("=")
        ):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT, "sub": self.account["sub"], "iat": now, "exp": now + 300,
            "nonce": asked["nonce"], "auth_time": now, **self.lies,
        }  # fmt: skip
        kept = {name: value for name, value in claims.items() if value is not None}
        return 200, {"access_token": "access", "token_type": "Bearer", "id_token": self.signed(kept)}

    def signed(self, claims: dict[str, Any]) -> str:
        if self.algorithm == "none":
            parts = ({"alg": "none", "kid": "one"}, claims)
            return (
                ".".join(base64.urlsafe_b64encode(json.dumps(each).encode()).decode().rstrip("=") for each in parts)
                + "."
            )
        if self.algorithm == "HS256":  # with the public key for a secret, as everybody knows it
            from joserfc.jwk import OctKey

            key = OctKey.import_key(self.key.as_pem(private=False))
            return jwt.encode({"alg": "HS256", "kid": "one"}, claims, key)
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.signed_by)
