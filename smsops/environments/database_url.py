"""Where a PostgreSQL database is, from its address: postgresql://user:password@host:port/name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, unquote, urlsplit

from smsops.errors import WrongUse

SCHEMES = ("postgresql", "postgres", "postgresql+psycopg", "postgresql+psycopg2")  # as SMS writes it, too
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
EXAMPLE = "postgresql://sms:PASSWORD@127.0.0.1:5432/sms"


@dataclass(frozen=True)
class DatabaseUrl:
    """One database of a PostgreSQL server, and who may use it. The password shows nowhere."""

    host: str
    port: int
    name: str
    user: str
    password: str = field(repr=False)
    ssl_mode: str = "prefer"

    def __str__(self) -> str:
        return f"{self.name} on {self.server}"

    @property
    def server(self) -> str:
        """The server in a sentence."""
        return f"{self.host}:{self.port}"

    def called(self, name: str) -> DatabaseUrl:
        """Another database of the same server."""
        return replace(self, name=name)

    @property
    def variables(self) -> Mapping[str, str]:
        """What PostgreSQL's programs read from their environment; a command line would show the password."""
        return {
            "PGHOST": self.host,
            "PGPORT": str(self.port),
            "PGDATABASE": self.name,
            "PGUSER": self.user,
            "PGPASSWORD": self.password,
            "PGSSLMODE": self.ssl_mode,
            "PGCONNECT_TIMEOUT": "10",
            "PGAPPNAME": "smsops",
        }


def parse(text: str) -> DatabaseUrl:
    """Read an address. Raises WrongUse with one sentence, in which the password does not show."""
    try:
        url = urlsplit(text)
        port = url.port or 5432
    except ValueError:
        raise WrongUse(
            f"Give an address like “{EXAMPLE}”; a sign like @ or / in the password is written %40 or %2F."
        ) from None
    name, query = unquote(url.path.removeprefix("/")), dict(parse_qsl(url.query))
    if url.scheme not in SCHEMES or not url.hostname or not url.username or not name or "/" in name:
        raise WrongUse(f"Give an address like “{EXAMPLE}”, with user, host and name.")
    mode = query.pop("sslmode", "prefer")
    if query or mode not in SSL_MODES:
        raise WrongUse(f"Behind the name only “?sslmode=” is known, with one of {', '.join(SSL_MODES)}.")
    return DatabaseUrl(unquote(url.hostname), port, name, unquote(url.username), unquote(url.password or ""), mode)


def passwords(text: str) -> list[str]:
    """The password in an address, as it is written there and as it is meant; none in what is no address."""
    try:
        written = urlsplit(text).password
    except ValueError:
        return []
    return [written, unquote(written)] if written else []
