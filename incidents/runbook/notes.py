"""People's notes: every version is kept, and of two who write at once nobody's words are lost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from incidents.models import RunbookNote
from smsops.errors import WrongUse
from smsops.models import Environment
from smsops.redact import redact
from smsops.runbook import paper
from smsops.text import count_text

LONGEST = 20_000  # characters of one note


class Overtaken(WrongUse):
    """Somebody else saved a version meanwhile; what was sent is not saved, and is to be given back."""


@dataclass(frozen=True)
class Place:
    """Beside which section of whose runbook a note stands; without an environment in that of all of them."""

    environment: Environment | None
    section: str

    def versions(self) -> QuerySet[RunbookNote]:
        """All versions, the newest first."""
        return RunbookNote.objects.filter(environment=self.environment, section=self.section).order_by("-version")

    @property
    def newest(self) -> RunbookNote | None:
        return self.versions().select_related("author").first()


def write(place: Place, text: str, base: int, user: User) -> RunbookNote | None:
    """Save the next version and return the newest; None where there was none and nothing was written. Overtaken when
    it is not `base` any more that counts, WrongUse for a section the paper does not have, or for too much."""
    if paper.find(place.section) is None:
        raise WrongUse(f"The runbook has no section {place.section}.")
    clean = redact(text).replace("\r\n", "\n").strip()
    if len(clean) > LONGEST:
        raise WrongUse(f"The note has {count_text(len(clean), 'character')}; {LONGEST:,} are the most.")
    last = place.newest
    if last is not None and last.version != base:
        raise overtaken(last)
    if clean == (last.text if last is not None else ""):
        return last
    return _save(place, clean, last.version if last is not None else 0, user)


def overtaken(last: RunbookNote) -> Overtaken:
    """The one sentence for whoever wrote at the same time."""
    return Overtaken(
        f"{last.author_name} has saved version {last.version} of this note since you began. Yours is in the field "
        "below and not saved yet: read theirs, take over what you need, and save again."
    )


def _save(place: Place, text: str, base: int, user: User) -> RunbookNote:
    words = {"author": user, "author_name": user.get_username()[:150], "base": base, "text": text}
    try:
        with transaction.atomic():
            return RunbookNote.objects.create(
                environment=place.environment, section=place.section, version=base + 1, **words
            )
    except IntegrityError:  # somebody was faster by an instant
        last = place.newest
        assert last is not None
        raise overtaken(last) from None


def newest(environment: Environment | None) -> list[RunbookNote]:
    """The notes that count, of this environment and of all, in one question."""
    whose = RunbookNote.objects.annotate(whose=Coalesce("environment_id", 0))
    later = whose.filter(whose=OuterRef("whose"), section=OuterRef("section"), version__gt=OuterRef("version"))
    found = whose.filter(Q(environment=environment) | Q(environment=None)).exclude(Exists(later))
    return list(found.select_related("author"))


def written(found: Iterable[RunbookNote], section: str, environment: Environment | None) -> RunbookNote | None:
    """The one beside that section; None where nobody wrote anything, or took it out again."""
    number = environment.pk if environment is not None else None
    return next(
        (each for each in found if each.section == section and each.environment_id == number and each.text), None
    )


def history(environment: Environment | None, most: int) -> list[RunbookNote]:
    """What was written last, without the texts."""
    found = RunbookNote.objects.filter(Q(environment=environment) | Q(environment=None))
    return list(found.defer("text").order_by("-at", "-pk")[:most])
