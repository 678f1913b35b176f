"""Every button leaves an entry before it does anything: a walk over all of them, so that no new one is forgotten."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.urls import reverse

from incidents.services import links
from smsops.admin.actions import ObjectAction
from smsops.audit import carried_out
from smsops.audit.recording import deed
from smsops.errors import OpsError
from smsops.models import AuditEntry, Environment
from smsops.models.audit import Sort
from tests.admin.browser import Browser
from tests.admin.doors import DOORS, REASON, Door
from tests.admin.scenes import a_school
from tests.audit.trail import newest, whole_text
from tests.factories import CANARY, make_incident, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("button", DOORS.values(), ids=DOORS)
def test_a_button_leaves_an_entry_with_who_what_and_why(button: Door) -> None:
    target, user = button.prepare(), button.user()
    Browser(user).post(button.address(target), **button.form(target))
    entry = AuditEntry.objects.filter(sort=Sort.BUTTON).order_by("sequence")[:1].get()
    kind = str(target._meta.model_name)
    assert (entry.action, entry.about) == (f"{kind}.{button.name}", f"{kind}:{target.pk}")
    assert (entry.who, entry.user, entry.reason) == (user.username, user.pk, REASON)


def test_a_run_that_a_button_starts_is_told_with_it() -> None:
    school, button = a_school(), DOORS["back up"]
    Browser(button.user()).post(button.address(school), **button.form(school))
    pressed, wanted = newest("environment.backup"), newest("run.request")
    assert wanted.kind == "run"
    assert wanted.given["environment"] == school.name
    assert pressed.together == wanted.together != ""


@pytest.mark.parametrize("name", ["approve", "refuse", "break the glass", "cancel"])
def test_what_is_decided_about_a_run_is_told(name: str) -> None:
    button = DOORS[name]
    target = button.prepare()
    Browser(button.user()).post(button.address(target), **button.form(target))
    assert newest(f"run.{button.name}").about == f"run:{target.pk}"
    assert AuditEntry.objects.filter(action=f"run.{button.name}", sort=Sort.RUN).count() == 1


def test_what_is_refused_has_an_entry_that_says_why() -> None:
    button = DOORS["break the glass"]
    run = button.prepare()
    page = Browser(button.user()).post(button.address(run), **{**button.form(run), "reason": "now"})
    assert page.status == 200
    refused, pressed = AuditEntry.objects.filter(sort=Sort.BUTTON)
    assert (pressed.outcome, refused.outcome) == ("", "refused")
    assert refused.given["said"].startswith("Say in at least 3 words")


def test_what_breaks_off_has_an_entry_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    school, button = a_school(), DOORS["check now"]

    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    action = next(each for each in _actions(school) if each.name == "check")
    monkeypatch.setattr(type(action), "perform", broken)
    with pytest.raises(ZeroDivisionError):
        Browser(button.user()).post(button.address(school), **button.form(school))
    assert [each.outcome for each in AuditEntry.objects.filter(action="environment.check")] == ["failed", ""]


def _actions(target: Environment) -> list[ObjectAction]:
    found: list[ObjectAction] = admin.site._registry[type(target)].actions_of()  # type: ignore[attr-defined]
    return found


def test_a_mistaken_form_leaves_no_entry() -> None:
    school, button = a_school(), DOORS["restore the latest"]
    Browser(button.user()).post(button.address(school), reason="x", typed_name="another")
    assert not AuditEntry.objects.filter(sort=Sort.BUTTON).exists()


def test_choices_are_kept_and_free_text_is_not() -> None:
    incident, button = make_incident(), DOORS["correct a clock"]
    Browser(button.user()).post(button.address(incident), **button.form(incident))
    assert newest("incident.clock").given["clock"] == "began_at"
    reported = DOORS["report an incident"]
    school = reported.prepare()
    Browser(reported.user()).post(reported.address(school), **reported.form(school))
    entry = newest("environment.report")
    assert entry.given == {"severity": "high", "issue": "service"}
    assert "Nobody can sign in" not in repr(entry.given) + entry.reason


def test_a_secret_in_a_reason_is_redacted() -> None:
    school, button = a_school(), DOORS["pause backups"]
    form = {**button.form(school), "reason": f"the password={CANARY} was in it"}
    Browser(button.user()).post(button.address(school), **form)
    assert CANARY not in whole_text()


def test_who_answers_by_the_link_in_a_message_is_told() -> None:
    incident, user = make_incident(), make_user("incidents.acknowledge_incident")
    where = reverse("acknowledge", args=[links.token(incident.pk, user.pk)])
    Browser(REMOTE_ADDR="192.0.2.7").post(where, answer="mine")
    entry = newest("incident.answer-mine")
    assert (entry.who, entry.door, entry.address) == (user.username, "link", "192.0.2.7")


def test_an_error_of_ours_is_still_an_error_of_ours() -> None:
    with pytest.raises(OpsError), carried_out(deed("a.b", sort=Sort.BUTTON)):
        raise OpsError("No.")
