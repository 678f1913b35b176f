"""The watcher names the cause when logins fail because SECRET_KEY was changed (runbook §5.3.4)."""

from __future__ import annotations

import pytest

from deployments.services.key_changes import Keys
from incidents import fingerprints
from incidents.models import Incident, IncidentState, Severity, Watch
from incidents.services import key_watch, watching
from smsops.http import ask
from tests.deployments.test_key_changes import change_by_hand, make_anew
from tests.places import ADMIN, SECRET_KEY, Place, wait_for

CHANGED = Keys("new", "new", "old", "config snapshot 3", "old")


@pytest.mark.parametrize(
    ("line", "counts"),
    [
        ("Token refused: Signature verification failed", 1),
        ('INFO:  172.17.0.1:1 - "GET /api/v1/auth/me HTTP/1.1" 401 Unauthorized', 1),
        ("jose.exceptions.JWTError: Invalid signature", 1),
        ('INFO:  172.17.0.1:1 - "GET /api/v1/students/401 HTTP/1.1" 200 OK', 0),
        ("Token refused: Signature has expired", 0),
    ],
)
def test_a_refused_token_is_told_from_the_log(line: str, counts: int) -> None:
    assert key_watch.refusals(f"started\n{line}\n") == counts


@pytest.mark.parametrize(
    ("keys", "refused", "raised"),
    [
        (CHANGED, 3, True),
        (CHANGED, 2, False),
        (Keys("old", "old", "old", "config snapshot 3", "old"), 99, False),
        (Keys("new", "old", "new", "config snapshot 3", "old"), 99, False),
        (Keys("new", "new"), 99, False),
    ],
)
def test_it_is_a_sign_only_where_the_key_is_another_and_tokens_are_refused(
    keys: Keys, refused: int, raised: bool
) -> None:
    assert (key_watch.of_key(keys, refused) is not None) == raised


def looked(place: Place) -> Incident | None:
    Watch.objects.update(asked_at=None)
    watching.look_now(place.environment.pk)
    return Incident.objects.filter(fingerprint=fingerprints.KEY).first()


def test_logins_that_fail_since_the_key_was_changed_are_one_incident_that_ends_with_the_cause(
    process_place: Place,
) -> None:
    process_place.deploy("1.18.1")
    account = {"email": ADMIN[0], "password": ADMIN[1]}
    base = process_place.environment.base_url
    token = ask(base, "/api/v1/auth/login", method="POST", payload=account).json()["access_token"]
    watching.due()
    change_by_hand(process_place)
    make_anew(process_place)
    assert looked(process_place) is None
    for _ in range(3):
        ask(base, "/api/v1/auth/me", headers={"Authorization": f"Bearer {token}"})
    incident = wait_for(lambda: looked(process_place), "the incident", 60)
    assert (incident.title, incident.severity) == ("Logins fail since SECRET_KEY changed", Severity.HIGH)
    assert "and no rotation explains it" in str(incident.timeline.values_list("text", flat=True))
    change_by_hand(process_place, SECRET_KEY)
    make_anew(process_place)
    looked(process_place)
    assert Incident.objects.get(fingerprint=fingerprints.KEY).state == IncidentState.RESOLVED
