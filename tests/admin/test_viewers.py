"""Who may only look changes nothing, whatever they send to whichever address."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.urls import NoReverseMatch, reverse
from django_celery_beat.admin import PeriodicTaskAdmin
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from backups.models import Backup, OffsiteVault
from deployments.models import CheckResult, ConfigSnapshot, Finding, Operation, PostTask, Release
from incidents.models import (
    ActionItem,
    Alert,
    AlertSource,
    Channel,
    Contact,
    EscalationPolicy,
    Incident,
    LogPattern,
    MaintenanceWindow,
    Page,
    Playbook,
    PostMortem,
    ReviewRule,
    Rota,
    SeverityRule,
    Silence,
    Team,
)
from smsops.models import ApiToken, Environment, Run, Webhook, WebhookDelivery
from tests.admin.browser import Browser, changelist, everything
from tests.admin.doors import DOORS, Door
from tests.factories import (
    CANARY,
    SMOKE,
    make_action_item,
    make_admin,
    make_alert,
    make_alert_source,
    make_backup,
    make_check_result,
    make_config_snapshot,
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
    make_token,
    make_user,
    make_viewer,
    make_webhook,
    make_window,
)

pytestmark = pytest.mark.django_db

IN_TIME = {"response_minutes": 30, "update_minutes": 60}
MAKE: dict[type[Model], Callable[[], Any]] = {
    ActionItem: make_action_item,
    Alert: make_alert,
    AlertSource: make_alert_source,
    ApiToken: make_token,
    Backup: make_backup,
    Channel: lambda: Channel.objects.create(name="room", address=f"json://{CANARY}@ops.example/"),
    CheckResult: make_check_result,
    ConfigSnapshot: make_config_snapshot,
    Contact: lambda: Contact.objects.create(user=make_user(), address=f"{CANARY}@example.org"),
    CrontabSchedule: lambda: CrontabSchedule.objects.create(minute="5"),
    Environment: make_environment,
    EscalationPolicy: lambda: EscalationPolicy.objects.create(name="Ours", enabled=False),
    Finding: make_finding,
    Group: lambda: Group.objects.create(name="Operators"),
    Incident: make_incident,
    IntervalSchedule: lambda: IntervalSchedule.objects.create(every=7, period="days"),
    LogPattern: lambda: LogPattern.objects.create(name="Ours", expression="x"),
    MaintenanceWindow: make_window,
    PeriodicTask: lambda: PeriodicTask.objects.create(
        name="By hand", task="smsops.sweep", interval=IntervalSchedule.objects.create(every=9, period="days")
    ),
    OffsiteVault: make_offsite_vault,
    Operation: make_operation,
    Playbook: lambda: Playbook.objects.create(key="own", title="Something of our own"),
    PostMortem: make_postmortem,
    Page: lambda: Page.objects.create(user=make_user(), incident=make_incident(), text="SMS is down", key="x"),
    PostTask: lambda: PostTask.objects.create(environment=make_environment(), title="Read the log", frequency="weekly"),
    ReviewRule: lambda: ReviewRule.objects.get_or_create(severity="high")[0],
    Release: lambda: make_release(make_environment()),
    Rota: lambda: Rota.objects.create(name="Nights"),
    Run: make_run,
    SeverityRule: lambda: SeverityRule.objects.get_or_create(severity="high", defaults=IN_TIME)[0],
    Silence: make_silence,
    Team: lambda: Team.objects.create(name="Teachers"),
    User: make_user,
    Webhook: make_webhook,
    WebhookDelivery: make_delivery,
}
RECORDS = (
    Alert, ApiToken, Backup, CheckResult, ConfigSnapshot, Finding, Incident, Operation, Page, PostMortem, Release, Run,
    WebhookDelivery,
)  # fmt: skip
BEAT = (CrontabSchedule, IntervalSchedule, PeriodicTask)
BULK = ["delete_selected", *(str(getattr(name, "__name__", name)) for name in PeriodicTaskAdmin.actions)]
# What a form of any of these models might hold; unknown names do no harm.
FORM = {
    "name": "changed", "title": "changed", "username": "changed", "enabled": "", "every": "1", "period": "seconds",
    "minute": "*", "hour": "*", "task": "smsops.sweep", "state": "closed", "reason": "changed", "_save": "Save",
    "password1": "Changed1!x", "password2": "Changed1!x", "is_superuser": "on", "is_staff": "on",
}  # fmt: skip

every_model = pytest.mark.parametrize("model", MAKE, ids=lambda model: model.__name__)
every_record = pytest.mark.parametrize("model", RECORDS, ids=lambda model: model.__name__)
every_beat = pytest.mark.parametrize("model", BEAT, ids=lambda model: model.__name__)


def address(model: type[Model], view: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{view}", args=args)


def bulk(browser: Browser, target: Model, action: str) -> None:
    """Press a changelist's action for one row, through the question and past it."""
    browser.post(changelist(type(target)), action=action, _selected_action=str(target.pk), index="0", post="yes")


def test_these_tests_know_every_model_of_the_admin() -> None:
    assert set(admin.site._registry) == set(MAKE)


@every_model
def test_a_viewer_reads_the_list_and_the_row(model: type[Model]) -> None:
    target, browser = MAKE[model](), Browser(make_viewer())
    assert browser.get(changelist(model)).status == 200
    assert browser.get(address(model, "change", target.pk)).status == 200
    assert browser.get(address(model, "history", target.pk)).status == 200


@every_model
def test_a_viewer_sees_no_buttons(model: type[Model]) -> None:
    target, browser = MAKE[model](), Browser(make_viewer())
    for where in (changelist(model), address(model, "change", target.pk), reverse("admin:index")):
        page = browser.get(where)
        assert not page.doors
        assert not [link for link in page.links if link.endswith(("/add/", "/delete/"))]
        assert not {field.attributes.get("name", "") for field in page.all("input")} & {"_save", "action-toggle"}


@every_model
@pytest.mark.parametrize("view", ["add", "change", "delete"])
def test_a_viewer_who_sends_a_form_changes_nothing(model: type[Model], view: str) -> None:
    target, browser = MAKE[model](), Browser(make_viewer())
    where = address(model, view, *([] if view == "add" else [target.pk]))
    before = everything()
    assert browser.post(where, **FORM, post="yes").status == 403
    assert everything() == before


@every_model
@pytest.mark.parametrize("action", sorted(set(BULK)))
def test_a_viewer_who_sends_a_bulk_action_changes_nothing(model: type[Model], action: str) -> None:
    target, browser = MAKE[model](), Browser(make_viewer())
    before = everything()
    bulk(browser, target, action)
    assert everything() == before


def test_the_same_bulk_action_works_for_who_may() -> None:
    target = MAKE[Group]()
    bulk(Browser(make_admin()), target, "delete_selected")
    assert not Group.objects.filter(pk=target.pk).exists()


@every_model
def test_a_viewer_who_sends_an_edited_list_changes_nothing(model: type[Model]) -> None:
    target, browser = MAKE[model](), Browser(make_viewer())
    form = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": str(target.pk), "form-0-name": "changed"}
    before = everything()
    browser.post(changelist(model), **form, _save="Save")
    assert everything() == before


def test_a_viewer_does_not_set_anybodys_password() -> None:
    target, browser = make_user(), Browser(make_viewer())
    before = everything()
    assert browser.post(reverse("admin:auth_user_password_change", args=[target.pk]), **FORM).status == 403
    assert everything() == before


@pytest.mark.parametrize("button", DOORS.values(), ids=DOORS)
def test_a_viewer_opens_no_door(button: Door) -> None:
    target, browser = button.prepare(), Browser(make_viewer())
    before = everything()
    for method in ("get", "post", "put", "patch", "delete"):
        send = getattr(browser.client, method)
        assert send(button.address(target), button.form(target)).status_code == button.refusal
    assert everything() == before


@every_model
def test_staff_without_any_permission_see_nothing(model: type[Model]) -> None:
    target, browser = MAKE[model](), Browser(make_user())
    assert browser.get(changelist(model)).status == 403
    assert browser.get(address(model, "change", target.pk)).status == 403


@every_record
@pytest.mark.parametrize("view", ["add", "change", "delete"])
def test_not_even_a_superuser_writes_records_by_hand(model: type[Model], view: str) -> None:
    target, browser = MAKE[model](), Browser(make_admin())
    where = address(model, view, *([] if view == "add" else [target.pk]))
    before = everything()
    assert browser.post(where, **FORM, post="yes").status == 403
    bulk(browser, target, "delete_selected")
    assert everything() == before


def test_not_even_a_superuser_deletes_an_environment() -> None:
    target, browser = make_environment(), Browser(make_admin())
    assert browser.post(address(Environment, "delete", target.pk), post="yes").status == 403
    bulk(browser, target, "delete_selected")
    assert Environment.objects.filter(pk=target.pk).exists()


def beat_keeper() -> User:
    """Staff with every permission django-celery-beat has."""
    words = [f"{verb}_{model._meta.model_name}" for model in BEAT for verb in ("add", "change", "delete", "view")]
    return make_user(*(f"django_celery_beat.{word}" for word in words))


@every_beat
@pytest.mark.parametrize("view", ["add", "change", "delete"])
def test_only_superusers_change_what_beat_runs(model: type[Model], view: str) -> None:
    target, browser = MAKE[model](), Browser(beat_keeper())
    where = address(model, view, *([] if view == "add" else [target.pk]))
    before = everything()
    assert browser.post(where, **FORM, post="yes").status == 403
    assert everything() == before


@every_beat
@pytest.mark.parametrize("action", sorted(set(BULK)))
def test_beats_bulk_actions_are_gone_for_everybody(model: type[Model], action: str) -> None:
    target, browser = MAKE[model](), Browser(make_admin())
    before = everything()
    bulk(browser, target, action)
    assert everything() == before


def test_beats_other_schedules_have_no_pages() -> None:
    for model in ("solarschedule", "clockedschedule"):
        with pytest.raises(NoReverseMatch):
            reverse(f"admin:django_celery_beat_{model}_changelist")


def test_a_superuser_may_switch_a_periodic_task_off() -> None:
    target, browser = MAKE[PeriodicTask](), Browser(make_admin())
    form = {"name": target.name, "regtask": "smsops.sweep", "interval": target.interval.pk, "priority": ""}
    page = browser.post(address(PeriodicTask, "change", target.pk), **form, args="[]", kwargs="{}", headers="{}")
    assert page.status == 302, page.text
    assert not PeriodicTask.objects.get(pk=target.pk).enabled


def test_who_may_only_look_does_not_see_the_smoke_password() -> None:
    environment = make_environment(**SMOKE, database_url=f"postgresql://sms:{CANARY}@db/sms")
    page = Browser(make_viewer()).get(environment.get_absolute_url())
    assert page.status == 200
    assert CANARY not in page.html
