"""The environment's page: what cannot work is refused beside its field, and the smoke password is never shown."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.urls import reverse

from backups.models import Backup, RetentionPolicy
from deployments.models import Release
from incidents.models import Incident
from smsops.models import Environment, Run
from tests.admin.browser import Browser, Page, change_page, changelist
from tests.admin.doors import DOORS
from tests.admin.test_viewers import MAKE
from tests.factories import (
    CANARY,
    SMOKE,
    make_admin,
    make_environment,
)

pytestmark = pytest.mark.django_db


def form_of(environment: Environment, **changes: Any) -> dict[str, Any]:
    """The form of the page as a browser sends it back, with changes."""
    page = Browser(make_admin()).get(environment.get_absolute_url())
    fields = [*page.all("input"), *page.all("select")]
    names = {each.attributes.get("name", "") for each in fields} - {"csrfmiddlewaretoken", "_addanother", ""}
    kept = {name: getattr(environment, name) for name in names if hasattr(environment, name)}
    kept |= {
        name: each.attributes.get("value", "") for each in fields if "-" in (name := each.attributes.get("name", ""))
    }
    kept["core_tables"] = '["students"]'
    kept["smoke_password"] = ""  # never sent to the browser, so never sent back
    return {name: value for name, value in {**kept, **changes}.items() if value is not None}


def saved(environment: Environment, **changes: Any) -> Page:
    return Browser(make_admin()).post(environment.get_absolute_url(), **form_of(environment, **changes))


def errors(page: Page) -> str:
    return " ".join(each.text for each in page.all("ul", "errorlist"))


def stored(environment: Environment) -> str:
    """What the database really holds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT smoke_password FROM smsops_environment WHERE id = %s", [environment.pk])
        return str(cursor.fetchone()[0])


def test_the_password_is_nowhere_in_the_admin() -> None:
    environment = make_environment(**SMOKE)
    browser = Browser(make_admin())
    addresses = [reverse("admin:index"), environment.get_absolute_url(), changelist(Environment)]
    addresses += [changelist(model) for model in admin.site._registry]
    addresses.append(reverse("admin:smsops_environment_history", args=[environment.pk]))
    addresses += [DOORS[name].address(environment) for name in ("back up", "deploy", "import releases")]
    for address in addresses:
        page = browser.get(address)
        assert CANARY not in page.html, address
        assert "aesgcm1:" not in page.html, address


def test_the_password_is_on_no_page_of_what_hangs_on_the_environment() -> None:
    environment = make_environment(**SMOKE)
    browser = Browser(make_admin())
    targets = [target for target in (make() for make in MAKE.values()) if hasattr(target, "environment_id")]
    assert {type(target) for target in targets} >= {Backup, Incident, Release, Run}
    for target in targets:
        type(target).objects.filter(pk=target.pk).update(environment=environment)
        page = browser.get(change_page(target))
        assert (page.status, CANARY in page.html) == (200, False)


def test_the_field_is_a_password_field_without_a_value() -> None:
    page = Browser(make_admin()).get(make_environment(**SMOKE).get_absolute_url())
    field = next(each for each in page.all("input") if each.attributes.get("name") == "smoke_password")
    assert field.attributes["type"] == "password"
    assert not field.attributes.get("value")


def test_an_empty_field_keeps_the_password() -> None:
    environment = make_environment(**SMOKE)
    assert saved(environment, title="Renamed").status == 302
    environment.refresh_from_db()
    assert (environment.title, environment.smoke_password) == ("Renamed", CANARY)


def test_the_database_address_is_never_sent_to_the_browser_and_an_empty_field_keeps_it() -> None:
    address = f"postgresql://sms:{CANARY}@db/sms"
    environment = make_environment(database_engine="postgresql", database_url=address)
    page = Browser(make_admin()).get(environment.get_absolute_url())
    assert CANARY not in page.html
    assert saved(environment, title="Renamed").status == 302
    environment.refresh_from_db()
    assert (environment.title, environment.database_url) == ("Renamed", address)


def test_a_new_password_replaces_the_old_one() -> None:
    environment = make_environment(**SMOKE)
    assert saved(environment, smoke_password="another-one").status == 302
    environment.refresh_from_db()
    assert environment.smoke_password == "another-one"


def test_a_password_may_look_like_an_encrypted_one() -> None:
    environment = make_environment(**SMOKE)
    saved(environment, smoke_password="aesgcm1:typed")
    assert Environment.objects.get(pk=environment.pk).smoke_password == "aesgcm1:typed"


def test_a_password_that_was_typed_is_not_sent_back_with_a_mistake() -> None:
    page = saved(make_environment(), base_url="nonsense", smoke_password="typed-canary")
    assert page.status == 200
    assert "typed-canary" not in page.html


def test_the_password_is_stored_encrypted_and_each_time_differently() -> None:
    first, second = make_environment(**SMOKE), make_environment(**SMOKE)
    assert CANARY not in stored(first)
    assert stored(first).startswith("aesgcm1:")
    assert stored(first) != stored(second)


def test_the_history_says_that_it_changed_and_not_to_what() -> None:
    environment = make_environment(**SMOKE)
    saved(environment, smoke_password="another-one")
    entry = LogEntry.objects.get()
    assert "another-one" not in entry.change_message
    assert "password" in entry.change_message.lower()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"base_url": "127.0.0.1:8080"}, "Give a web address like “http://127.0.0.1:8080”."),
        ({"base_url": "http://me:pw@127.0.0.1"}, "Leave user and password out of the address"),
        ({"base_url": "http://127.0.0.1/health"}, "Give the address without a path"),
        ({"data_path": ""}, "The process runtime needs the data folder."),
        ({"data_path": "relative/folder"}, "Give an absolute path, starting with a slash."),
        ({"releases_path": ""}, "The process runtime needs the folder of unpacked releases."),
        ({"database_file": "../other.db"}, "Give the database's path inside the data folder"),
        ({"runtime": "docker", "volume": ""}, "The docker runtime needs the name of the data volume"),
        ({"smoke_email": "a@b.example"}, "The login check needs the account's password as well."),
        ({"core_tables": '"students"'}, "Give a list of table names"),
        ({"core_tables": '["a b"]'}, "Give a list of table names"),
        ({"instance": "no spaces"}, "Letters, digits, dot, dash and underscore only."),
        ({"host_port": "70000"}, "less than or equal to 65535"),
        ({"backup_minutes": "0"}, "greater than or equal to 1"),
        ({"gate_seconds": "1"}, "greater than or equal to 5"),
    ],
)
def test_what_cannot_work_is_refused_with_a_sentence(changes: dict[str, str], sentence: str) -> None:
    environment = make_environment()
    page = saved(environment, title="Renamed", **changes)
    assert page.status == 200
    assert sentence in errors(page)
    assert Environment.objects.get().title == ""


def test_a_new_environment_is_made_from_the_form() -> None:
    template = make_environment()
    form = form_of(template, name="northern", preset="sms-native", database_file="northern.db")
    page = Browser(make_admin()).post(reverse("admin:smsops_environment_add"), **form)
    assert page.status == 302, errors(page)
    assert Environment.objects.get(name="northern").data_path == template.data_path


def test_a_name_is_given_once() -> None:
    environment = make_environment()
    page = Browser(make_admin()).get(environment.get_absolute_url())
    assert "name" not in {each.attributes.get("name") for each in page.all("input")}
    saved(environment, name="another")
    assert Environment.objects.get().name == environment.name


def test_a_name_that_is_taken_is_refused() -> None:
    environment = make_environment()
    form = form_of(environment, name=environment.name)
    page = Browser(make_admin()).post(reverse("admin:smsops_environment_add"), **form)
    assert "already exists" in errors(page)


def test_a_smoke_password_is_stored_as_it_was_typed() -> None:
    environment = make_environment(**SMOKE)
    saved(environment, smoke_password=" with blanks ")
    environment.refresh_from_db()
    assert environment.smoke_password == " with blanks "


def test_how_long_backups_stay_is_set_on_the_page() -> None:
    environment = make_environment()
    form = form_of(environment) | {
        "retention-TOTAL_FORMS": "1",
        "retention-INITIAL_FORMS": "0",
        "retention-0-keep_days": "3",
        "retention-0-keep_daily": "10",
        "retention-0-keep_weekly": "0",
        "retention-0-keep_monthly": "0",
    }
    Browser(make_admin()).post(environment.get_absolute_url(), **form)
    policy = RetentionPolicy.objects.get(environment=environment)
    assert (policy.keep_days, policy.keep_daily, policy.keep_weekly) == (3, 10, 0)
