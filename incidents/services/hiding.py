"""Makes an incident private, or lets everybody see it (I4). What was written about it elsewhere before goes with it."""

from __future__ import annotations

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import transaction

from incidents.models import ActionItem, EntryKind, Incident, Page, PageState, PostMortem
from incidents.privacy import LOOKING, PERMISSION
from incidents.services import incidents, pages, wording
from smsops.errors import WrongUse
from smsops.models import Run
from smsops.webhooks import outbox


@transaction.atomic
def hide(incident: Incident, user: User, reason: str) -> None:
    """From now on only those see it who may see private ones: its title leaves the messages that wait to be sent and
    the histories of the admin. Messages that went out cannot be taken back."""
    _set(incident, user, reason, private=True)
    unsent = Page.objects.filter(incident=incident, state__in=[PageState.PENDING, PageState.SENDING])
    unsent.filter(state=PageState.PENDING, channel__isnull=False).update(state=PageState.CANCELLED)
    unsent.update(text=wording.headline(incident))  # one that is being sent may have to be sent again
    outbox.withhold(f"incident:{incident.pk}")
    for number in Run.objects.filter(kind__in=LOOKING, params__incident=incident.pk).values_list("pk", flat=True):
        outbox.withhold(f"run:{number}")
    for model, numbers in _rows(incident).items():
        entries = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(model))
        entries = entries.filter(object_id__in=[str(number) for number in numbers])
        entries.update(object_repr=str(incident), change_message="")


@transaction.atomic
def show(incident: Incident, user: User, reason: str) -> None:
    """Everybody who may see incidents sees it from now on, with all that was written meanwhile."""
    _set(incident, user, reason, private=False)


def _set(incident: Incident, user: User, reason: str, *, private: bool) -> None:
    if not user.has_perm(PERMISSION):
        raise WrongUse(f"{user.get_username()} may not see private incidents.")
    if not reason.strip():
        raise WrongUse("Say why.")
    held = pages.locked(incident.pk) or incident
    if held.private == private:
        raise WrongUse("It is private already." if private else "It is not private.")
    Incident.objects.filter(pk=incident.pk).update(private=private)
    incident.private = private
    what = "It is private from now on." if private else "It is not private any more."
    incidents.note(incident, EntryKind.ACTION, f"{what} {reason.strip()}", author=user.get_username())


def _rows(incident: Incident) -> dict[type[Incident | PostMortem | ActionItem], list[int]]:
    """Everything that people have pages, and so histories, of."""
    return {
        Incident: [incident.pk],
        PostMortem: list(PostMortem.objects.filter(incident=incident).values_list("pk", flat=True)),
        ActionItem: list(ActionItem.objects.filter(incident=incident).values_list("pk", flat=True)),
    }
