"""Requests that happen once, however often they are sent (the `Idempotency-Key` header).

The key is claimed before anything is done, by a unique constraint, so of several at once one is answered. A run that is
begun is written into the claim in the run's own transaction: when the process dies before it has answered, whoever asks
again gets that run, and no second one. Refusals change nothing and are not kept: what was wrong may be put right.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from smsops.api.callers import Caller
from smsops.api.problems import Problem
from smsops.models import ApiRequest, Run
from smsops.runs import holders

KEPT = timedelta(hours=24)
ABANDONED = timedelta(minutes=2)  # one that is answered elsewhere and has not been for so long never will be
WAIT = 2  # seconds a duplicate is told to wait
LONGEST = 255
REPEATED = ("Content-Type", "Location")
_CURRENT: ContextVar[tuple[int, str] | None] = ContextVar("smsops_api_request", default=None)
Answer = Callable[[], HttpResponse]


def once(request: HttpRequest, caller: Caller, answer: Answer, again: Callable[[Run], HttpResponse]) -> HttpResponse:
    """The answer to the request, given once; `again` answers with a run that was begun by a process that died then.

    Problem 409 while it is being answered elsewhere, 422 where the key was used for something else.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return answer()
    if not 1 <= len(key) <= LONGEST or not key.isascii() or not key.isprintable():
        raise Problem(422, f"An Idempotency-Key has from 1 to {LONGEST} printable ASCII characters.")
    claim, known = _claim(caller, key, _digest(request))
    if known is not None:
        return known
    if claim.run is not None:
        return _kept(claim, again(claim.run))
    return _answered(claim, answer)


def _answered(claim: ApiRequest, answer: Answer) -> HttpResponse:
    mark = _CURRENT.set((claim.pk, claim.holder))
    good = False
    try:
        response = answer()
        good = response.status_code < 300
        return _kept(claim, response) if good else response
    finally:
        _CURRENT.reset(mark)
        if not good:  # a run that was begun all the same is found again under the key
            mine = ApiRequest.objects.filter(pk=claim.pk, holder=claim.holder)
            mine.filter(run=None).delete()
            mine.update(holder="")


def _kept(claim: ApiRequest, response: HttpResponse) -> HttpResponse:
    headers = {name: response.headers[name] for name in REPEATED if name in response.headers}
    values: dict[str, Any] = {"status": response.status_code, "headers": headers, "body": response.content.decode()}
    ApiRequest.objects.filter(pk=claim.pk, holder=claim.holder).update(holder="", **values)
    return response


def _claim(caller: Caller, key: str, digest: str) -> tuple[ApiRequest, HttpResponse | None]:
    """The claim, ours from now on; or, with it, the answer that was given before."""
    ApiRequest.objects.filter(token=caller.token, claimed_at__lt=timezone.now() - KEPT).delete()
    holder = holders.me()
    with suppress(IntegrityError), transaction.atomic():
        claim = ApiRequest(token=caller.token, key=key, digest=digest, holder=holder)
        claim.save(force_insert=True)
        return claim, None
    found = ApiRequest.objects.select_related("run__environment").filter(token=caller.token, key=key).first()
    if found is None:
        raise _busy()  # it was refused just now; the next attempt begins anew
    if found.digest != digest:
        raise Problem(422, "This Idempotency-Key was used for another request; take a new one.")
    if found.status is not None:
        headers = {**found.headers, "Idempotency-Replayed": "true"}
        return found, HttpResponse(found.body, status=found.status, headers=headers)
    if not _take_over(found, holder):
        raise _busy()
    return found, None


def _take_over(found: ApiRequest, holder: str) -> bool:
    """Whether whoever was at it is gone, and it is ours now."""
    alive = found.holder and not holders.gone(found.holder) and found.claimed_at > timezone.now() - ABANDONED
    if alive:
        return False
    same = ApiRequest.objects.filter(pk=found.pk, holder=found.holder, claimed_at=found.claimed_at, status=None)
    if not same.update(holder=holder, claimed_at=timezone.now()):
        return False
    found.holder = holder
    return True


def _busy() -> Problem:
    said = "A request with this Idempotency-Key is being answered right now; ask again in a moment."
    return Problem(409, said, {"Retry-After": str(WAIT)})


def _digest(request: HttpRequest) -> str:
    whole = b"\n".join((str(request.method).encode(), request.get_full_path().encode(), request.body))
    return hashlib.sha256(whole).hexdigest()


@receiver(post_save, sender=Run, dispatch_uid="smsops.api.idempotency")
def on_run(instance: Run, created: bool, **_: Any) -> None:
    """A run was begun while a request is answered: the claim learns of it in the same transaction. Where another
    process has taken the claim over meanwhile (this one stood still), the run is not begun: Problem 409."""
    current = _CURRENT.get()
    if not created or current is None:
        return
    ours = ApiRequest.objects.filter(pk=current[0], holder=current[1])
    if not ours.filter(run=None).update(run=instance) and not ours.exclude(run=None).exists():
        raise _busy()
