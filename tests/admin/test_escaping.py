"""What people and programs write is text, never markup, wherever it is shown."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from deployments.models import Finding, Operation, PostTask
from incidents.models import Evidence, Incident
from smsops.models import Environment, Run, RunState, StepState
from tests.admin.browser import Browser, Page, changelist
from tests.admin.doors import DOORS
from tests.factories import (
    make_admin,
    make_backup,
    make_environment,
    make_finding,
    make_incident,
    make_release,
    make_run,
    make_step,
    make_watch,
)

pytestmark = pytest.mark.django_db

EVIL = "\"'><img src=x onerror=alert(1)><script>alert(2)</script>&amp;{{ 7 }}"


def seen(page: Page) -> Page:
    """The page shows the text as it is, and it became no element."""
    assert page.status in (200, 409)
    assert not [each for each in page.elements if "onerror" in each.attributes]
    assert "alert(2)" not in [each.text for each in page.all("script")]
    assert "<script>alert(2)" not in page.html
    return page


def an_evil_run() -> Run:
    run = make_run(
        make_environment(title=EVIL),
        title=EVIL,
        reason=EVIL,
        actor_name=EVIL,
        headline=EVIL,
        cause=EVIL,
        state=RunState.NEEDS_HUMAN,
        facts={"by_hand": [EVIL]},
    )
    make_step(run, title=EVIL, output=EVIL)
    make_step(run, title="Checks", result={"checks": [dict.fromkeys(("verdict", "title", "detail", "fix"), EVIL)]})
    make_step(run, title="Fails", state=StepState.FAILED, error=EVIL)
    make_step(run, title="Waits", state=StepState.WAITING, progress=EVIL)
    return run


def an_evil_incident() -> Incident:
    incident = make_incident(make_environment(title=EVIL), title=EVIL, resolution=EVIL, run=an_evil_run())
    incident.timeline.create(kind="sign", text=EVIL, author=EVIL)
    Evidence.objects.create(incident=incident, name=EVIL.replace("/", "")[:80], path="/nowhere", sha256="a" * 64)
    return incident


def test_a_runs_page_shows_text() -> None:
    page = seen(Browser(make_admin()).get(an_evil_run().get_absolute_url()))
    assert page.text.count("onerror=alert(1)") >= 10


def test_findings_tasks_and_the_operations_log_show_text() -> None:
    browser, run = Browser(make_admin()), an_evil_run()
    finding = make_finding(run, package=EVIL[:100], advisory=EVIL, what=EVIL, accepted_by=EVIL, accepted_reason=EVIL)
    Run.objects.filter(pk=run.pk).update(kind="deploy", params={"version": EVIL, "old_version": EVIL})
    PostTask.objects.update(title=EVIL, owner=EVIL, note=EVIL, done_run=run)
    for model in (Finding, Operation, PostTask):
        assert "onerror=alert(1)" in seen(browser.get(changelist(model))).text
    for target in (finding, PostTask.objects.all()[0]):
        assert "onerror=alert(1)" in seen(browser.get(target.get_absolute_url())).text


def test_the_live_part_of_a_run_is_escaped_before_the_script_puts_it_in() -> None:
    run = an_evil_run()
    answer = Browser(make_admin()).client.get(reverse("admin:smsops_run_live", args=[run.pk]))
    assert "<img" not in answer.json()["html"]
    assert "<script" not in answer.json()["html"]


def test_an_incidents_page_shows_text() -> None:
    page = seen(Browser(make_admin()).get(an_evil_incident().get_absolute_url()))
    assert page.text.count("onerror=alert(1)") >= 5


def test_the_dashboard_shows_text() -> None:
    an_evil_incident()
    environment = make_environment(title=EVIL)
    make_watch(environment, detail=EVIL, release=EVIL[:60], status="down")
    make_run(environment, title=EVIL, actor_name=EVIL, state=RunState.RUNNING)
    page = seen(Browser(make_admin()).get(reverse("admin:index")))
    assert page.text.count("onerror=alert(1)") >= 5


@pytest.mark.parametrize("model", [Run, Incident, Environment], ids=lambda model: model.__name__)
def test_the_lists_show_text(model: type[Run | Incident | Environment]) -> None:
    an_evil_incident()
    page = seen(Browser(make_admin()).get(changelist(model)))
    assert "onerror=alert(1)" in page.text


def test_a_backups_page_shows_text() -> None:
    backup = make_backup(damage=EVIL, release_version=EVIL[:60], row_counts={EVIL: 3}, schema_revision=EVIL)
    page = seen(Browser(make_admin()).get(backup.get_absolute_url()))
    assert "onerror=alert(1)" in page.text


def test_a_releases_page_and_its_confirmation_show_text() -> None:
    release = make_release(make_environment(), changelog=EVIL, breaking=EVIL, notes=EVIL)
    browser = Browser(make_admin())
    assert "onerror=alert(1)" in seen(browser.get(release.get_absolute_url())).text
    assert seen(browser.get(DOORS["deploy a release"].address(release))).status == 200


def test_what_is_in_the_way_is_shown_as_text() -> None:
    run = make_run(make_environment(title=EVIL), title=EVIL, state=RunState.RUNNING)
    browser = Browser(make_admin())
    assert "onerror=alert(1)" in seen(browser.get(DOORS["back up"].address(run.environment))).text
    off = seen(browser.get(run.environment.get_absolute_url())).all("span", "button-off")
    assert any("onerror=alert(1)" in each.attributes["title"] for each in off)


@pytest.mark.parametrize("name", ["restore the latest", "roll back"])
def test_a_form_with_a_mistake_gives_back_text(name: str) -> None:
    button = DOORS[name]
    target = button.prepare()
    page = seen(Browser(button.user()).post(button.address(target), typed_name=EVIL, reason=EVIL))
    assert EVIL in [each.attributes.get("value") for each in page.all("input")]


def test_what_an_import_says_is_shown_as_text(tmp_path: Path) -> None:
    git = ["git", "-C", str(tmp_path), "-c", "user.name=x", "-c", "user.email=x@example"]
    for words in (
        ["init", "-q"],
        ["commit", "-q", "--allow-empty", "-m", "x"],
        ["tag", "<img/src=x/onerror=alert(1)>"],
    ):
        subprocess.run([*git, *words], check=True)
    environment = make_environment(source_path=str(tmp_path))
    address = DOORS["import releases"].address(environment)
    answer = Browser(make_admin()).client.post(address, {"reason": "x"}, follow=True)
    page = seen(Page(answer))
    assert "The tag <img/src=x/onerror=alert(1)> is not a version number" in page.text


def test_a_name_of_a_user_is_text() -> None:
    user = User.objects.create_superuser("<b>bold</b>", password="secret")
    page = seen(Browser(user).get(reverse("admin:index")))
    assert "<b>bold</b>" in page.text


def test_a_search_for_markup_is_text() -> None:
    page = seen(Browser(make_admin()).get(changelist(Run), q=EVIL))
    assert EVIL in [each.attributes.get("value") for each in page.all("input")]
