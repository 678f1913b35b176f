"""A night in pictures: SMS hangs, the telephone rings, somebody takes it, and the post-mortem is there."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from demo.outage import Outage
from demo.telling import Line
from docs.pictures.browser import PHONE
from docs.pictures.camera import Camera
from incidents.models import PostMortem
from smsops.errors import OpsError

LONG = 1500  # pixels of a page on a telephone: the clock, its ways and the first look
DRAFT = 1300


class Night:
    """The acts of the demo's outage, with pictures in between; `before` is done once somebody is on call."""

    def __init__(self, camera: Camera, before: Callable[[], None]) -> None:
        self.camera, self.before, self.outage = camera, before, Outage()

    def acts(self) -> tuple[tuple[str, Callable[[], Line]], ...]:
        """What happens, with its titles."""
        seen = {
            self.outage.on_call: self.evening, self.outage.freeze: self.ring,
            self.outage.choose: self.decide, self.outage.learn: self.read,
        }  # fmt: skip
        return tuple((title, seen.get(act, act)) for title, act in self.outage.acts())

    def evening(self) -> Line:
        """The last look before the night."""
        line = self.outage.on_call()
        self.before()
        return line

    def ring(self) -> Line:
        """What is on the telephone before anybody has answered."""
        line = self.outage.freeze()
        link = re.search(r"Acknowledge: (\S+)", self.outage.telephone.heard[-1])
        if link is None:
            raise OpsError("There is no link in what the telephone was told.")
        self.camera.take("page-phone", urlsplit(link[1]).path, size=PHONE)
        return line

    def decide(self) -> Line:
        """The incident as whoever was woken sees it, and at a desk."""
        line = self.outage.choose()
        address = self.outage.incident.get_absolute_url()
        self.camera.take("incident-phone", address, size=PHONE, height=LONG, dark=True)
        self.camera.take("recovery-clock", address, part="section[aria-labelledby=clock-title]")
        return line

    def read(self) -> Line:
        """The draft, seconds after it was over."""
        line = self.outage.learn()
        draft = PostMortem.objects.get(incident=self.outage.incident)
        self.camera.take("post-mortem", draft.get_absolute_url(), height=DRAFT)
        return line
