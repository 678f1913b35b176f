"""What stands in the way of a button is said on the button, on its page, and to whoever presses it all the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings

from deployments.models import Release
from smsops.models import Environment, RunState
from smsops.runtimes.registry import runtime_for
from tests.admin.browser import Browser, Page, everything
from tests.admin.doors import DOORS, Door
from tests.admin.scenes import a_school
from tests.factories import (
    make_backup,
    make_environment,
    make_instance,
    make_release,
    make_run,
)
from tests.places import free_port, wait_for

pytestmark = pytest.mark.django_db


def pressed(button: Door, target: object) -> Page:
    """Press the button against the obstacle, and see that nothing came of it."""
    browser = Browser(button.user())
    before = everything()
    page = browser.post(button.address(target), **button.form(target))
    assert everything() == before
    return page


def test_without_a_good_backup_nothing_can_be_restored() -> None:
    environment = make_environment()
    make_backup(environment, damage="bit rot")
    page = pressed(DOORS["restore the latest"], environment)
    assert page.status == 409
    assert page.one("p", "alarm").text == "There is no good backup yet."


def test_a_damaged_backup_is_not_restored() -> None:
    page = pressed(DOORS["restore a backup"], make_backup(damage="its digest is wrong."))
    assert page.status == 409
    assert "This backup is damaged: its digest is wrong. Choose an older one." in page.text


def test_a_backup_that_no_release_fits_is_not_restored() -> None:
    page = pressed(DOORS["restore a backup"], make_backup(release_version="1.2.3"))
    assert page.status == 409
    assert "No release is running and the backup's own (1.2.3) is not here." in page.text


def test_a_release_without_an_image_is_not_deployed() -> None:
    page = pressed(DOORS["deploy a release"], make_release(make_environment(), "1.17.0", installed=False))
    assert page.status == 409
    assert "Release 1.17.0 has no image here; build or load it" in page.text


def test_without_any_release_there_is_nothing_to_deploy() -> None:
    environment = make_environment()
    page = Browser(DOORS["deploy"].user()).post(DOORS["deploy"].address(environment), reason="x")
    assert page.status == 409
    assert "import the releases first" in page.text


def test_a_release_without_an_image_is_not_offered() -> None:
    environment = a_school()
    make_release(environment, "1.19.0", installed=False)
    page = Browser(DOORS["deploy"].user()).get(DOORS["deploy"].address(environment))
    assert [option.text for option in page.all("option")] == ["1.18.0", "1.17.0"]


@pytest.fixture
def running() -> Iterator[Release]:
    """A release whose instance really runs; it only waits."""
    environment = make_environment()
    release = make_release(environment, "1.17.0", program="import signal\nsignal.pause()\n")
    make_instance(environment, release)
    runtime_for(environment).start(environment.instance)
    yield release
    runtime_for(environment).stop(environment.instance, 0)


def test_the_release_that_runs_is_not_deployed_again(running: Release) -> None:
    runtime = runtime_for(running.environment)
    wait_for(lambda: (found := runtime.inspect(running.environment.instance)) and found.up, "the start")
    page = pressed(DOORS["deploy a release"], running)
    assert page.status == 409
    assert "Release 1.17.0 is the one that runs already." in page.text


@pytest.mark.parametrize("name", ["restore the latest", "deploy a release", "roll back", "import releases"])
def test_an_engine_that_is_away_is_said_and_no_crash(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "SMSOPS_DOCKER_HOST", f"tcp://127.0.0.1:{free_port()}")
    target = DOORS[name].prepare()
    Environment.objects.update(runtime="docker", volume="sms_data")
    target.refresh_from_db()
    page = pressed(DOORS[name], target)
    assert "The Docker Engine does not answer." in page.text


def test_a_button_that_cannot_be_pressed_says_why_and_is_no_link() -> None:
    environment = make_environment()
    make_run(environment, title="The first one", state=RunState.RUNNING)
    page = Browser(DOORS["back up"].user("smsops.change_environment")).get(environment.get_absolute_url())
    off = page.one("span", "button-off")
    assert (off.text, page.doors) == ("Back up now", [])
    assert "“The first one”" in off.attributes["title"]


def test_the_closed_doors_of_an_incident_are_not_drawn() -> None:
    incident, button = DOORS["close"].prepare(), DOORS["close"]
    page = Browser(button.user("incidents.acknowledge_incident")).get(incident.get_absolute_url())
    assert page.doors == [button.address(incident), DOORS["reopen"].address(incident)]


def test_a_confirmation_can_be_left_without_doing_anything() -> None:
    environment, button = a_school(), DOORS["restore the latest"]
    page = Browser(button.user()).get(button.address(environment))
    way_out = next(link for link in page.all("a", "button-quiet"))
    assert (way_out.text, way_out.attributes["href"]) == ("Do nothing", environment.get_absolute_url())


def test_a_restore_that_has_to_wait_says_so_before_anything_is_typed() -> None:
    button = DOORS["restore a backup"]
    backup = button.prepare()
    make_run(backup.environment, title="The first one", state=RunState.RUNNING)
    page = Browser(button.user()).get(button.address(backup))
    assert "“The first one”" in page.text


def test_a_named_release_can_be_gone_back_to_when_none_ran_before() -> None:
    environment = make_environment()
    make_release(environment, "1.17.0")
    make_instance(environment, make_release(environment, "1.18.0"))
    button = DOORS["roll back"]
    page = Browser(button.user()).get(button.address(environment))
    assert "1.17.0" in [each.text for each in page.all("option")]


def test_the_page_of_a_rollback_does_not_speak_of_the_command_line() -> None:
    environment = a_school()
    environment.runs.all().delete()
    button = DOORS["roll back"]
    assert "--to VERSION" not in Browser(button.user()).get(button.address(environment)).text
