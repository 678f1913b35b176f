"""The trail in the admin: what is seen, found, taken out, and kept from those who may not see an incident."""

from __future__ import annotations

import csv
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from incidents.models import Incident
from incidents.services import hiding
from smsops import roles
from smsops.admin import audit
from smsops.audit import checking, record
from smsops.models import AuditEntry
from tests.admin.browser import Browser, Page, changelist
from tests.audit.trail import TABLE, a_trail, newest, sql
from tests.factories import make_admin, make_environment, make_incident, make_user

pytestmark = pytest.mark.django_db
LIST = "smsops_auditentry_changelist"
WORD = "Zanzibar"


def auditor() -> Browser:
    return Browser(make_user("smsops.view_auditentry", "incidents.view_incident"))


def opened(**asked: str) -> Page:
    page = auditor().get(changelist(AuditEntry), **asked)
    assert page.status == 200
    return page


def rows(page: Page) -> int:
    return len([each for each in page.all("th") if "field-entry" in each.attributes.get("class", "")])


def taken(form: str, **asked: str) -> str:
    answer = auditor().client.get(reverse("admin:smsops_auditentry_export", args=[form]), asked)
    assert answer.status_code == 200
    return b"".join(answer).decode()


def a_hidden_entry() -> Incident:
    incident = make_incident(title=WORD)
    record("incident.note", incident, reason=f"{WORD} again", given={"x": WORD})
    hiding.hide(incident, make_admin(), "x")
    return incident


@pytest.mark.usefixtures("asked_behind_its_back")
def test_thirty_entries_cost_as_many_queries_as_three() -> None:
    browser, counts = auditor(), []
    browser.get(changelist(AuditEntry))
    for more in (3, 27):
        a_trail(more)
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(changelist(AuditEntry)).status == 200
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 16


def test_the_page_says_how_the_chain_stands() -> None:
    a_trail(2)
    assert "It has not been checked yet" in opened().text
    checking.check()
    assert "It is whole; last checked" in opened().text
    sql(f"UPDATE {TABLE} SET who = 'mallory' WHERE sequence = 2")
    checking.check()
    assert any("The chain is broken at entry 2" in each.text for each in opened().all("p", "alarm"))


def test_the_chain_is_checked_by_a_button() -> None:
    a_trail(2)
    browser = auditor()
    browser.post(changelist(AuditEntry), **{"check-chain": ""})
    page = browser.get(changelist(AuditEntry))
    assert "entries is whole." in page.text
    assert "It is whole; last checked" in page.text
    assert newest("audit.verify").who == browser.user.username  # type: ignore[union-attr]


def test_a_long_chain_is_left_to_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "QUICK", 1)
    a_trail(2)
    browser = auditor()
    browser.post(changelist(AuditEntry), **{"check-chain": ""})
    assert "a worker checks it" in browser.get(changelist(AuditEntry)).text
    assert not AuditEntry.objects.filter(action="audit.verify").exists()


def test_the_chain_is_not_checked_for_who_may_not_see_it() -> None:
    a_trail(2)
    Browser(make_user("incidents.view_incident")).post(changelist(AuditEntry), **{"check-chain": ""})
    assert not AuditEntry.objects.filter(action="audit.verify").exists()


def test_an_entry_shows_what_was_before_and_after() -> None:
    record("environment.change", make_environment(), changes={"title": ("Old", "New")}, given={"keep": 5})
    page = auditor().get(newest("environment.change").get_absolute_url())
    assert page.status == 200
    assert "title Old New" in page.text
    assert "keep 5" in page.text


def test_what_was_done_by_the_same_request_is_told() -> None:
    from smsops.audit import Who, acting

    with acting(Who("maria")):
        first, second = a_trail(2)
    assert second.get_absolute_url() in auditor().get(first.get_absolute_url()).links


@pytest.mark.parametrize(
    ("asked", "found"),
    [({"by": "maria"}, 1), ({"did": "run.cancel"}, 1), ({"of": "run"}, 1), ({"q": "moves"}, 1), ({"q": "run:7"}, 1),
     ({"door__exact": "admin"}, 1), ({"q": "nothing"}, 0)],
    ids=str,
)  # fmt: skip
def test_an_entry_is_found(asked: dict[str, str], found: int) -> None:
    from smsops.audit import Who

    a_trail(2)
    maria = Who("maria", "admin", None, "192.0.2.7")
    record("run.cancel", about=("run", "7"), reason="the school moves", who=maria)
    Browser(make_admin())
    page = opened(**asked)
    seen = (
        rows(page) - (1 if asked == {"door__exact": "admin"} else 0) * AuditEntry.objects.filter(sort="sign-in").count()
    )
    assert seen == found


def test_the_trail_is_for_those_who_may_see_it() -> None:
    (entry,) = a_trail(1)
    browser = Browser(make_user("smsops.view_run"))
    where = [changelist(AuditEntry), entry.get_absolute_url(), reverse("admin:smsops_auditentry_export", args=["csv"])]
    assert [browser.get(each).status for each in where] == [403, 403, 403]


def test_of_a_private_incident_only_the_number_is_seen() -> None:
    incident = a_hidden_entry()
    browser = auditor()
    page, one = browser.get(changelist(AuditEntry)), browser.get(newest("incident.note").get_absolute_url())
    for seen in (page, one):
        assert WORD not in seen.html
        assert f"incident:{incident.pk}" in seen.text
    assert "incident.note" not in page.text
    assert WORD in Browser(make_admin()).get(changelist(AuditEntry)).html


@pytest.mark.parametrize(
    "asked", [{"q": WORD}, {"did": "incident.note"}, {"of": "incident"}, {"sort__exact": "button"}]
)
def test_what_is_private_is_not_guessed_by_looking_for_it(asked: dict[str, str]) -> None:
    a_hidden_entry()
    assert rows(opened(**asked)) == 0
    assert "incident.note" not in [each.text for each in opened().all("a")]


def test_an_export_has_what_the_filter_shows_and_is_told_itself() -> None:
    a_trail(3)
    record("run.cancel", about=("run", "7"))
    assert len(taken("jsonl", did="run.cancel").splitlines()) == 1
    entry = newest("audit.export")
    assert entry.given == {"form": "jsonl", "filter": "did=run.cancel"}
    assert len(list(csv.DictReader(taken("csv", q="reason").splitlines()))) == 3


def test_an_export_masks_what_is_private() -> None:
    incident = a_hidden_entry()
    found = [json.loads(line) for line in taken("jsonl").splitlines()]
    (masked,) = [each for each in found if each.get("masked")]
    assert masked["number"] == str(incident.pk)
    assert WORD not in taken("jsonl") + taken("csv")


def test_who_reports_a_private_incident_leaves_no_words() -> None:
    from tests.admin.doors import DOORS

    button = DOORS["report an incident"]
    school = button.prepare()
    Browser(button.user()).post(button.address(school), **{**button.form(school), "reason": WORD, "private": "on"})
    page = opened()
    assert WORD not in page.html
    assert newest("environment.report").scope == "private"


def test_nobody_writes_in_it_by_hand() -> None:
    (entry,) = a_trail(1)
    browser = Browser(make_admin())
    for view in ("change", "delete"):
        where = reverse(f"admin:smsops_auditentry_{view}", args=[entry.pk])
        assert browser.post(where, who="mallory", post="yes").status == 403
    assert browser.post(reverse("admin:smsops_auditentry_add"), who="mallory").status == 403
    browser.post(changelist(AuditEntry), action="delete_selected", _selected_action=str(entry.pk), post="yes")
    assert AuditEntry.objects.get(pk=entry.pk).who == entry.who


def test_only_the_lead_and_the_auditor_have_it() -> None:
    readers = {role for role in roles.ROLES if "smsops.view_auditentry" in roles.may(role)}
    assert readers == {roles.LEAD, roles.AUDITOR}
