"""People's texts: every version is kept, and of two who write at once nobody's words are lost.

What the other one changed in other sections is taken over beside mine. Where both changed the same section, the second
is told, and what they sent is kept aside until they say that theirs shall stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from incidents.models import MEASURING, FactKind, Incident, PostMortem, PostMortemVersion
from incidents.postmortems.sections import LONGEST, SECTIONS
from incidents.services import facts
from smsops.errors import WrongUse
from smsops.redact import redact

Texts = dict[str, str]


class Overtaken(WrongUse):
    """Somebody else changed the same sections meanwhile; what was sent is kept aside."""


@dataclass(frozen=True)
class Sent:
    """What somebody sends: all sections, and which version they had before them. With `over`, the version whose
    changes they have read and want theirs to replace."""

    texts: Mapping[str, str]
    base: int
    over: int | None = None
    note: str = ""


def clean(texts: Mapping[str, str]) -> Texts:
    """Known sections alone, redacted. WrongUse for one that is too long."""
    found = {key: redact(texts.get(key, "")).replace("\r\n", "\n").strip() for key in SECTIONS}
    for key, text in found.items():
        if len(text) > LONGEST:
            raise WrongUse(f"“{SECTIONS[key][0]}” has {len(text):,} characters; {LONGEST:,} are the most.")
    return {key: text for key, text in found.items() if text}


def write(number: int, sent: Sent, user: User) -> PostMortem:
    """Save what somebody wrote as the next version. Overtaken when somebody else changed the same sections since the
    version they began with, WrongUse when it is approved."""
    texts = clean(sent.texts)
    with transaction.atomic():
        postmortem = PostMortem.objects.select_for_update().select_related("incident").get(pk=number)
        if postmortem.state not in MEASURING:
            state = postmortem.get_state_display().lower()
            raise WrongUse(f"It is {state}: take it back to a draft before you write in it.")
        clash = clashes(postmortem, texts, sent.base) if sent.over != postmortem.version else []
        if not clash:
            return _save(postmortem, _merged(postmortem, texts, sent), user, sent.note)
        _keep_aside(postmortem, texts, sent.base, user)
    names = ", ".join(f"“{SECTIONS[key][0]}”" for key in clash)
    author = _last_author(postmortem)
    who = "You have" if author == user.get_username() else f"{author} has"
    raise Overtaken(f"{who} changed {names} since you began. Yours is kept and not lost; "
                    "read theirs, and say which shall stand.")  # fmt: skip


def clashes(postmortem: PostMortem, texts: Mapping[str, str], base: int) -> list[str]:
    """The sections that were changed both here and by somebody else since version `base`, to something different."""
    before = text_at(postmortem, base)
    return [
        key
        for key in SECTIONS
        if postmortem.texts.get(key, "") != before.get(key, "") != texts.get(key, "")
        and postmortem.texts.get(key, "") != texts.get(key, "")
    ]


def text_at(postmortem: PostMortem, number: int) -> Texts:
    """What people had written at that version."""
    if number == postmortem.version:
        return dict(postmortem.texts)
    found = postmortem.versions.filter(number=number, set_aside=False, measured__isnull=True).first()
    return dict(found.texts) if found is not None else {}


def _merged(postmortem: PostMortem, texts: Texts, sent: Sent) -> Texts:
    """Mine where I changed something, else what stands now."""
    before = text_at(postmortem, sent.base)
    mine = {key for key in SECTIONS if texts.get(key, "") != before.get(key, "")}
    merged = {key: (texts if key in mine else postmortem.texts).get(key, "") for key in SECTIONS}
    return {key: text for key, text in merged.items() if text}


def _save(postmortem: PostMortem, texts: Texts, user: User, note: str) -> PostMortem:
    if texts == postmortem.texts:
        return postmortem
    new_cause = texts.get("cause", "") != postmortem.texts.get("cause", "")
    postmortem.texts, postmortem.version = texts, postmortem.version + 1
    postmortem.searchable = "\n".join(texts.values())
    postmortem.owner = postmortem.owner or user
    postmortem.save(update_fields=["texts", "version", "searchable", "owner"])
    _version(postmortem, texts, user, postmortem.version, note=redact(note)[:500])
    if new_cause:
        _tell_cause(postmortem.incident, texts.get("cause", ""), user)
    return postmortem


def _tell_cause(incident: Incident, cause: str, user: User) -> None:
    Incident.objects.filter(pk=incident.pk).update(cause=cause)
    if cause:
        first = cause.splitlines()[0][:300]
        facts.establish(incident, FactKind.CAUSE_KNOWN, first, by=user.get_username())


def _keep_aside(postmortem: PostMortem, texts: Texts, base: int, user: User) -> None:
    last = postmortem.versions.filter(set_aside=True, author=user, number=base).first()
    if last is None or last.texts != texts:
        note = f"Set aside: version {postmortem.version} had changed the same sections."
        _version(postmortem, texts, user, base, note=note, set_aside=True)


def _version(postmortem: PostMortem, texts: Texts, user: User, number: int, **more: object) -> None:
    fields = {"texts": texts, "author": user, "author_name": user.get_username(), "at": timezone.now(), **more}
    PostMortemVersion.objects.create(postmortem=postmortem, number=number, **fields)


def _last_author(postmortem: PostMortem) -> str:
    names = postmortem.versions.filter(set_aside=False, measured__isnull=True).values_list("author_name", flat=True)
    return names.first() or "Somebody"
