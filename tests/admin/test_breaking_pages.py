"""The pages that deploy: breaking changes are read and ticked, release by release, before the button does anything."""

from __future__ import annotations

import pytest

from deployments.models import Release
from smsops.models import Environment, Run
from tests.admin.browser import Browser, door
from tests.factories import make_admin, make_environment, make_instance, make_release

pytestmark = pytest.mark.django_db


@pytest.fixture
def school() -> Environment:
    environment = make_environment()
    make_instance(environment, make_release(environment, "1.8.0"))
    make_release(environment, "1.9.0", breaking="Old <b>tokens</b> end.")
    make_release(environment, "1.10.0", breaking="The layout moves.")
    return environment


def release(version: str) -> Release:
    return Release.objects.get(version=version)


def field(version: str) -> str:
    return f"breaking_{release(version).pk}"


def test_the_release_page_asks_for_each_with_its_text(school: Environment) -> None:
    page = Browser(make_admin()).get(door(release("1.10.0"), "deploy"))
    names = {each.attributes.get("name") for each in page.all("input")}
    assert {field("1.9.0"), field("1.10.0")} <= names
    assert "Old <b>tokens</b> end." in page.text
    assert page.text.count("The layout moves.") == 1  # beside its tick, and not in the plan as well


def test_without_every_tick_nothing_is_queued_and_the_field_says_why(school: Environment) -> None:
    page = Browser(make_admin()).post(door(release("1.10.0"), "deploy"), **{field("1.9.0"): "on"})
    assert "Read what 1.10.0 breaks, and tick this." in page.text
    assert not Run.objects.exists()


def test_ticked_the_deploy_is_queued_and_the_run_says_so(school: Environment) -> None:
    browser = Browser(make_admin())
    browser.post(door(release("1.10.0"), "deploy"), **{field("1.9.0"): "on", field("1.10.0"): "on"})
    run = Run.objects.get()
    assert run.params["acknowledged"] == ["1.9.0", "1.10.0"]
    assert "Breaking changes acknowledged: 1.9.0, 1.10.0" in browser.get(run.get_absolute_url()).text


def test_on_the_environments_page_only_those_before_the_chosen_one_are_wanted(school: Environment) -> None:
    browser, chosen = Browser(make_admin()), {"release": str(release("1.9.0").pk)}
    assert "Read what 1.9.0 breaks" in browser.post(door(school, "deploy"), **chosen).text
    assert not Run.objects.exists()
    browser.post(door(school, "deploy"), **chosen, **{field("1.9.0"): "on"})
    assert Run.objects.get().params["acknowledged"] == ["1.9.0"]


def test_a_tick_in_the_address_is_no_tick(school: Environment) -> None:
    page = Browser(make_admin()).get(f"{door(release('1.9.0'), 'deploy')}?{field('1.9.0')}=on")
    (box,) = [each for each in page.all("input") if each.attributes.get("name") == field("1.9.0")]
    assert "checked" not in box.attributes
