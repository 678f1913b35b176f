"""Lists: the same number of queries whatever their length; search, filters and facets work on all of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backups.models import Backup, OffsiteVault
from deployments.models import CheckResult, Finding, Operation, Release
from incidents.models import (
    ActionItem,
    Alert,
    AlertSource,
    Channel,
    Contact,
    EscalationPolicy,
    Incident,
    IncidentState,
    MaintenanceWindow,
    PostMortem,
    Rota,
    RotaMember,
    Silence,
    Team,
)
from incidents.models import Page as SentPage
from smsops.models import ApiToken, Environment, Run, RunState, Webhook, WebhookDelivery
from tests.admin.browser import Browser, Page, changelist
from tests.factories import (
    SMOKE,
    make_action_item,
    make_admin,
    make_alert,
    make_alert_source,
    make_backup,
    make_check_result,
    make_delivery,
    make_environment,
    make_finding,
    make_incident,
    make_offsite_vault,
    make_operation,
    make_postmortem,
    make_release,
    make_run,
    make_silence,
    make_step,
    make_token,
    make_user,
    make_viewer,
    make_webhook,
    make_window,
)

pytestmark = pytest.mark.django_db


def days_ago(number: int) -> Any:
    return timezone.now() - timedelta(days=number)


def a_run(number: int) -> Run:
    run = make_run(actor=make_user(), actor_name="maria", created_at=days_ago(number), title=f"Run the {number}th")
    make_step(run)
    return run


def an_incident(number: int) -> Incident:
    return make_incident(
        title=f"Trouble {number}",
        acknowledged_by=make_user(),
        state=IncidentState.ACKNOWLEDGED,
        run=make_run(),
        detected_at=days_ago(number),
    )


def an_operation(number: int) -> Operation:
    """One with all there can be in a line: a restore whose release has to be looked up."""
    environment = make_environment()
    image = make_release(environment, f"1.0.{number}", installed=False, image_id=f"tree:{number}").image_id
    operation = make_operation(environment, kind="restore", created_at=days_ago(number), params={"image_id": image})
    make_step(operation, kind="switch.stop")
    return operation


def a_page(number: int) -> SentPage:
    """One by a contact, about an incident of its own."""
    user = make_user()
    contact = Contact.objects.create(user=user, address="a@b.example")
    return SentPage.objects.create(user=user, contact=contact, incident=make_incident(), text="x", key=f"p{number}")


def a_rota(number: int) -> Rota:
    rota = Rota.objects.create(name=f"Rota {number}")
    RotaMember.objects.create(rota=rota, user=make_user())
    return rota


def a_team(number: int) -> Team:
    team = Team.objects.create(name=f"Team {number}")
    team.members.add(make_user())
    return team


LISTS: dict[type[Model], Callable[[int], Any]] = {
    Environment: lambda number: make_environment(title=f"School{number}", **SMOKE),
    Run: a_run,
    Backup: lambda number: make_backup(taken_at=days_ago(number), run=make_run()),
    Release: lambda number: make_release(make_environment(), f"1.0.{number}", installed=bool(number % 2)),
    Incident: an_incident,
    CheckResult: lambda number: make_check_result(run=make_run(), title=f"Check {number}", at=days_ago(number)),
    OffsiteVault: lambda number: make_offsite_vault(name=f"away{number}"),
    Operation: an_operation,
    PostMortem: lambda number: make_postmortem(an_incident(number), owner=make_user()),
    ActionItem: lambda number: make_action_item(an_incident(number), owner=make_user(), due_at=days_ago(number)),
    Channel: lambda number: Channel.objects.create(
        name=f"Room {number}", address="json://ops.example/", environment=make_environment()
    ),
    Contact: lambda number: Contact.objects.create(user=make_user(), address="a@b.example", label=f"Way {number}"),
    EscalationPolicy: lambda number: EscalationPolicy.objects.create(name=f"Policy {number}", enabled=False),
    SentPage: a_page,
    Rota: a_rota,
    Team: a_team,
    Finding: lambda number: make_finding(package=f"package{number}", found_at=days_ago(number)),
    Alert: lambda number: make_alert(incident=make_incident(), name=f"Alert{number}", last_at=days_ago(number)),
    AlertSource: lambda number: make_alert(make_alert_source(name=f"source{number}")).source,
    Silence: lambda number: make_silence(reason=f"reason{number}", created_by=make_user()),
    MaintenanceWindow: lambda number: make_window(title=f"window{number}"),
    ApiToken: lambda number: make_token(name=f"token{number}"),
    Webhook: lambda number: make_delivery(make_webhook(name=f"hook{number}", environment=make_environment())).webhook,
    WebhookDelivery: lambda number: make_delivery(about=f"run:{number}"),
}
every_list = pytest.mark.parametrize("model", LISTS, ids=lambda model: model.__name__)


def opened(model: type[Model], user: User | None = None, **asked: str) -> Page:
    page = Browser(user or make_viewer()).get(changelist(model), **asked)
    assert page.status == 200
    return page


def shown(page: Page) -> int:
    return len([each for each in page.all("th") if "field-" in each.attributes.get("class", "")])


def queries(model: type[Model], user: User, **asked: str) -> int:
    browser = Browser(user)
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(changelist(model), **asked).status == 200
    return len(captured)


@every_list
@pytest.mark.parametrize("asked", [{}, {"_facets": "True"}], ids=["plain", "facets"])
def test_thirty_rows_cost_no_more_queries_than_three(model: type[Model], asked: dict[str, str]) -> None:
    user = make_admin()
    for number in range(3):
        LISTS[model](number)
    three = queries(model, user, **asked)
    for number in range(3, 30):
        LISTS[model](number)
    assert shown(opened(model, user)) == model._default_manager.count()
    assert queries(model, user, **asked) <= three


@every_list
def test_an_empty_list_is_a_page_too(model: type[Model]) -> None:
    model._default_manager.all().delete()  # some come with rows of their own
    assert shown(opened(model)) == 0


@every_list
def test_a_search_without_a_result_is_a_page_too(model: type[Model]) -> None:
    LISTS[model](1)
    assert shown(opened(model, q="nothing is called this")) == 0


@every_list
def test_every_filter_that_is_offered_can_be_chosen(model: type[Model]) -> None:
    LISTS[model](1)
    links = [link for link in opened(model).links if link.startswith("?")]
    assert links
    browser = Browser(make_viewer())
    assert [link for link in links if browser.get(changelist(model) + link).status != 200] == []


@every_list
def test_every_column_that_can_be_sorted_sorts(model: type[Model]) -> None:
    LISTS[model](1)
    for column in range(1, 9):
        for order in (str(column), f"-{column}"):
            assert Browser(make_viewer()).get(changelist(model), o=order).status == 200


NONSENSE = ["p=999", "p=abc", "o=abc", "o=99.-98", "state__exact=x", "environment__id__exact=abc", "id__in=a", "q=%00",
            "q=%27", "created_at__year=abc", "_facets=x", "unknown=1", "q=" + "x" * 3000]  # fmt: skip


@every_list
@pytest.mark.parametrize("asked", NONSENSE, ids=lambda asked: str(asked)[:30])
def test_a_nonsensical_address_is_no_crash(model: type[Model], asked: str) -> None:
    LISTS[model](1)
    assert Browser(make_viewer()).get(f"{changelist(model)}?{asked}").status in (200, 302, 400)


@every_list
def test_nothing_of_a_password_can_be_found_out_by_filtering(model: type[Model]) -> None:
    LISTS[model](1)
    own = {
        Environment: "smoke_password",
        OffsiteVault: "secret",
        Contact: "address",
        Channel: "address",
        AlertSource: "secret",
        Alert: "source__secret",
        Webhook: "url",
        WebhookDelivery: "webhook__secret",
    }
    field = own.get(model, "environment__smoke_password")
    page = Browser(make_viewer()).get(f"{changelist(model)}?{field}__startswith=a")
    assert page.status == 400 or shown(page) == 0


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (Alert, "Alert1"),
        (AlertSource, "source1"),
        (Silence, "reason1"),
        (ApiToken, "token1"),
        (Webhook, "hook1"),
        (WebhookDelivery, "run:1"),
        (MaintenanceWindow, "window1"),
        (Environment, "School1"),
        (OffsiteVault, "away1"),
        (Run, "the 1th"),
        (Release, "1.0.1"),
        (Incident, "Trouble 1"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_search_finds_the_row(model: type[Model], words: str) -> None:
    for number in (1, 2):
        LISTS[model](number)
    assert shown(opened(model, q=words)) == 1


def test_a_backup_is_found_by_its_identifier() -> None:
    backup = make_backup()
    make_backup(release_version="1.17.0")
    assert shown(opened(Backup, q=backup.identifier)) == 1


def test_an_incident_with_many_timeline_entries_is_found_once() -> None:
    incident = make_incident()
    for _ in range(3):
        incident.timeline.create(kind="note", text="The network was slow.")
    assert shown(opened(Incident, q="network")) == 1


def test_runs_are_newest_first() -> None:
    make_run(title="The older", created_at=days_ago(2))
    make_run(title="The newer", created_at=days_ago(1))
    text = opened(Run).text
    assert text.index("The newer") < text.index("The older")


def test_releases_are_in_numeric_order() -> None:
    environment = make_environment()
    for version in ("1.20.9", "1.20.10", "1.9.8"):
        make_release(environment, version, installed=False)
    text = opened(Release).text
    assert text.index("1.20.10") < text.index("1.20.9") < text.index("1.9.8")


def test_a_damaged_backup_is_marked_whatever_it_once_proved() -> None:
    make_backup(proof="started", damage="bit rot")
    assert opened(Backup).one("span", "badge-bad").text == "Damaged"


def test_a_release_without_an_image_is_marked() -> None:
    make_release(make_environment(), installed=False)
    make_release(make_environment(), breaking="The schema moves.")
    words = [each.text for each in opened(Release).all("span", "badge")]
    assert sorted(words) == ["Breaking", "Missing", "Ready"]


def test_a_run_that_needs_a_person_is_marked() -> None:
    make_run(state=RunState.NEEDS_HUMAN)
    assert opened(Run).one("span", "badge-bad").text == "Needs a person"
