"""Chat, SMS and push services, by addresses of the library apprise."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import apprise

from incidents.channels import places
from incidents.channels.base import SECONDS, Message, NotSent

# Its lines may hold the tokens of addresses: they are read here, for this send, and go nowhere else.
_LOG = logging.getLogger("apprise")
_LOG.propagate = False
_LOG.setLevel(logging.DEBUG)
_LOG.addHandler(logging.NullHandler())

_HOSTLY = re.compile("host|server|url|domain")  # attributes of a driver that say where it connects to
_HOST_LIKE = re.compile(r"[.:\[]|^localhost|^\d+$|^0x")
_CALL = re.compile(r"@(?=(?:everyone|here|channel|all)\b)|<(?=[!@#])")
_NEVER_CONNECTED = re.compile("NewConnectionError|new connection|ConnectTimeout|NameResolution|Failed to resolve")


class Chat:
    """Hands the message to whatever the address names."""

    def __init__(self, private_allowed: bool) -> None:
        self.private_allowed = private_allowed

    def send(self, address: str, message: Message) -> None:
        """As promised in base.py."""
        target = self.checked(address)
        sender = apprise.Apprise()
        sender.add(target)
        done = sender.notify(
            body=plain(message.text),
            title=plain(message.subject),
            body_format=apprise.NotifyFormat.TEXT,
            timeout=SECONDS - 1,
            log_level=logging.DEBUG,
        )
        if not done:
            raise _not_sent("\n".join(entry.message for entry in done.logs()))

    def rest(self) -> None:
        """Nothing is kept."""

    def checked(self, address: str) -> apprise.NotifyBase:
        """The address as apprise understands it; NotSent, with a sentence, where it may not or cannot be used."""
        found = apprise.Apprise.instantiate(address, suppress_exceptions=True)
        if found is None:
            raise NotSent("This is no address of a service that apprise knows.")
        if len(found) > 1:
            raise NotSent("This address names several places: one of them could fail and the others get it twice.")
        if not self.private_allowed:
            if where := places.private(hosts(address, found)):
                raise NotSent(f"This may not be used: {where} (SMSOPS_PRIVATE_CHANNELS allows it).")
            found.redirects = False  # where it leads to is not looked at any more
        return found


def load() -> None:
    """Make apprise find its services, more than a hundred modules: once in a process, and it takes a second."""
    apprise.Apprise.instantiate("json://localhost", suppress_exceptions=True)


def hosts(address: str, driver: apprise.NotifyBase) -> Iterator[str]:
    """Every host a driver of this address might connect to: what is written there, and what apprise made of it. A
    token in the place of a host is none, and is not looked up."""
    parts = urlsplit(address)
    templates: tuple[str, ...] = driver.templates
    connects = any("{host" in template for template in templates)
    own = {name: value for name, value in vars(driver).items() if isinstance(value, str) and _HOSTLY.search(name)}
    found = [value for name, value in own.items() if connects or name != "host"]
    found += [value for _, value in parse_qsl(parts.query) if _HOST_LIKE.search(value)]
    for each in [*found, parts.hostname if connects else ""]:
        host = urlsplit(each).hostname if each and "://" in each else each
        if host:
            yield host


def plain(text: str) -> str:
    """The text, unable to call everybody of a room together."""
    return _CALL.sub(lambda found: f"{found[0]}\u200b", text)


def _not_sent(log: str) -> NotSent:
    """A service that answered did not take it; without an answer nobody knows, unless it never got so far."""
    answered = re.search(r"error=(\d{3})\b", log)
    if answered:
        return NotSent(f"The service refuses the message (HTTP {answered[1]}).", transient=True)
    if _NEVER_CONNECTED.search(log):
        return NotSent("The service is not reached.", transient=True)
    return NotSent("The service did not take the message.", transient=True, unsure=True)
