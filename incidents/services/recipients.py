"""Whom a level means right now, and by which ways each is reached (I5, I6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.contrib.auth.models import User

from incidents.models import ORDER, Channel, Contact, Rota, Severity, Team
from incidents.services import rotas


@dataclass(frozen=True)
class Recipient:
    """One way to one person or channel; `after` how long from now it is used. A person's own e-mail address, where no
    contact says otherwise, has neither contact nor channel."""

    user: User | None = None
    contact: Contact | None = None
    channel: Channel | None = None
    after: timedelta = timedelta()

    @property
    def mark(self) -> str:
        """What tells it from the others, for ever."""
        if self.channel is not None:
            return f"h{self.channel.pk}"
        return f"c{self.contact.pk}" if self.contact is not None else f"u{self.user.pk if self.user else 0}"


@dataclass
class Reached:
    """Whom a level reaches, and whom it does not, in sentences."""

    recipients: list[Recipient] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)

    @property
    def people(self) -> list[str]:
        """By name, each once."""
        return sorted({recipient.user.get_username() for recipient in self.recipients if recipient.user is not None})

    @property
    def names(self) -> list[str]:
        """People and channels."""
        return [*self.people, *sorted({str(each.channel) for each in self.recipients if each.channel is not None})]


@dataclass(frozen=True)
class Named:
    """Whom a level names: rows with what `rotas.WITH` and CONTACTS ask for, fetched together."""

    rotas: Iterable[Rota] = ()
    teams: Iterable[Team] = ()
    users: Iterable[User] = ()
    channels: Iterable[Channel] = ()
    gone: bool = False  # whether it named somebody who is not there any more


def reached(named: Named, severity: str, now: datetime) -> Reached:
    """Everybody those rows mean, as they are on call and reachable now; nobody twice."""
    found = Reached()
    people = {person.pk: person for person in _people(named, now, found.gaps)}
    for person in people.values():
        ways = list(of_person(person, severity))
        found.recipients += ways
        if not ways:
            found.gaps.append(f"{person.get_username()} has no way to be reached")
    usable = [channel for channel in named.channels if channel.enabled and _enough(channel.least, severity)]
    found.recipients += [Recipient(channel=channel) for channel in usable]
    return found


def _people(named: Named, now: datetime, gaps: list[str]) -> Iterator[User]:
    for rota in named.rotas:
        person = rotas.on_call(rota, now)
        if person is not None:
            yield person
        else:
            gaps.append(f"nobody is on call in “{rota.name}”")
    for team in named.teams:
        members = [member for member in team.members.all() if member.is_active]
        yield from members
        if not members:
            gaps.append(f"the team “{team.name}” has no members")
    active = [person for person in named.users if person.is_active]
    yield from active
    if named.gone or len(active) < len(list(named.users)):
        gaps.append("somebody it names may not sign in any more")


def of_person(person: User, severity: str) -> Iterator[Recipient]:
    """By which ways a person is told of something so bad: the first at once, the others as much later as they are
    later; by their e-mail address where no way of theirs is meant for it."""
    enabled = sorted((each for each in person.contacts.all() if each.enabled), key=lambda each: each.after_minutes)
    ways = [contact for contact in enabled if _enough(contact.least, severity)]
    for contact in ways:
        yield Recipient(person, contact, after=timedelta(minutes=contact.after_minutes - ways[0].after_minutes))
    if not ways and person.email:
        yield Recipient(person)


def channels_of(environment_id: int | None, severity: str) -> Iterable[Recipient]:
    """The channels that are told of every incident there; with None those that are for all environments."""
    found = Channel.objects.filter(enabled=True)
    told = [channel for channel in found if channel.environment_id in (None, environment_id)]
    return [Recipient(channel=channel) for channel in told if _enough(channel.least, severity)]


def _enough(least: str, severity: str) -> bool:
    return ORDER[Severity(severity)] >= ORDER[Severity(least)]
