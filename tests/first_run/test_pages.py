"""The first run in the browser, page by page: nothing is lost, nothing is done twice, and mistakes are said early."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from backups.models import Backup
from backups.services import connection, first_run
from smsops.models import Environment, Run, RunState
from smsops.runs.plan import By
from tests.admin.browser import Browser, Page, everything
from tests.factories import CANARY, make_admin, make_backup, make_environment, make_run, make_user, make_viewer
from tests.places import drive

pytestmark = pytest.mark.django_db

BEGIN, FORM = "admin:backups_first_run", "admin:backups_first_run_describe"
LEAD = ("smsops.add_environment", "smsops.view_environment", "smsops.check_environment", "smsops.backup_environment",
        "smsops.change_environment")  # fmt: skip


def lead() -> User:
    return make_user(*LEAD)


def described(folder: Path, **changes: str) -> dict[str, str]:
    """What a person fills in for an SMS run natively."""
    (folder / "releases").mkdir(exist_ok=True)
    return {
        "name": "school", "title": "Our school", "base_url": "http://127.0.0.1:9", "host_port": "9",
        "database_engine": "sqlite", "database_file": "student_management.db", "data_path": str(folder),
        "releases_path": str(folder / "releases"), **changes,
    }  # fmt: skip


def send(folder: Path, **changes: str) -> Page:
    return Browser(lead()).post(f"{reverse(FORM)}?preset=sms-native", **described(folder, **changes))


def of(environment: Environment) -> str:
    return reverse("admin:backups_first_run_of", args=[environment.name])


def a_begun_one(tmp_path: Path, school: Path | None = None) -> Environment:
    if school is not None:
        shutil.copy2(school, tmp_path)
    assert send(tmp_path).status == 302
    return Environment.objects.get()


def test_an_empty_installation_leads_here_and_to_the_ways_by_hand() -> None:
    page = Browser(lead()).get(reverse(BEGIN))
    assert "The Docker Engine does not answer." in page.text
    assert [link for link in page.links if "preset=" in link] == [
        f"{reverse(FORM)}?preset=sms-docker",
        f"{reverse(FORM)}?preset=sms-native",
    ]


def test_what_was_described_is_added_without_a_schedule_and_its_connection_is_asked(tmp_path: Path) -> None:
    page = send(tmp_path)
    environment = Environment.objects.get()
    assert page.address == of(environment)
    assert (environment.runtime, environment.preset, environment.backups_enabled) == ("process", "sms-native", False)
    assert Run.objects.get().kind == connection.KIND


def test_who_added_it_and_who_switched_the_schedule_on_is_in_its_history(tmp_path: Path) -> None:
    environment, browser = a_begun_one(tmp_path), Browser(make_admin())
    browser.post(of(environment), act="schedule")
    page = browser.get(reverse("admin:smsops_environment_history", args=[environment.pk]))
    assert "Added by the first run." in page.text
    assert "Backups by themselves switched on" in page.text


def test_adding_it_twice_is_refused_beside_the_field(tmp_path: Path) -> None:
    send(tmp_path)
    again = send(tmp_path)
    assert "There is an environment “school” already" in again.errors_of("Name")
    other = send(tmp_path, name="other")
    assert "“school” is about this database already" in other.errors_of("Database file")
    assert Environment.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value", "label", "said"),
    [
        ("name", "our school", "Name", "One word of letters"),
        ("base_url", "127.0.0.1", "Base url", "Give a web address"),
        ("data_path", "data", "Data path", "absolute path"),
        ("releases_path", "", "Releases path", "folder of unpacked releases"),
        ("host_port", "70000", "Host port", "65535"),
        ("database_file", "../x.db", "Database file", "inside the data folder"),
    ],
)
def test_each_mistake_is_a_sentence_beside_its_field(
    tmp_path: Path, field: str, value: str, label: str, said: str
) -> None:
    page = send(tmp_path, **{field: value})
    assert said in page.errors_of(label)
    assert not Environment.objects.exists()
    assert 'value="Our school"' in page.html  # nothing that was typed in is lost


def test_a_container_that_is_gone_meanwhile_loses_nothing_that_was_typed_in(tmp_path: Path) -> None:
    browser = Browser(lead())
    gone = f"{reverse(FORM)}?found=docker:cccccccccccc"
    assert browser.get(gone).address == reverse(BEGIN)
    page = browser.post(gone, name="our school", base_url="http://127.0.0.1:8080", title="Our school")
    assert (page.status, 'value="Our school"' in page.html) == (200, True)


def test_the_address_of_a_database_is_stored_and_never_shown(tmp_path: Path) -> None:
    url = f"postgresql://sms:{CANARY}@db.example/sms"
    page = send(tmp_path, database_engine="postgresql", database_url=url, name="our school")
    assert CANARY not in page.html
    send(tmp_path, database_engine="postgresql", database_url=url)
    assert Environment.objects.get().database_url == url


def test_each_piece_of_the_connection_is_a_line_with_its_reason_and_the_way_out(tmp_path: Path) -> None:
    environment = a_begun_one(tmp_path)
    drive(Run.objects.get())
    page = Browser(lead()).get(of(environment))
    lines = [each.text for each in page.all("li") if "piece-" in each.attributes.get("class", "")]
    assert [line.split()[-0] for line in lines] == ["✓", "!", "✗", "✗", "✓"]
    assert "There is no database at" in lines[3]
    assert "Correct the data path or the database file." in lines[3]
    assert "connection refused" in lines[2]


def test_one_may_go_on_although_something_does_not_work(tmp_path: Path, school: Path) -> None:
    environment = a_begun_one(tmp_path, school)
    drive(Run.objects.get())
    page = Browser(lead()).get(of(environment))
    assert "✗ Does not Health" in page.text
    assert [each.text for each in page.all("button") if each.attributes.get("id") == "take"] == [
        "Take the first backup"
    ]


def test_the_first_backup_is_proven_by_itself_and_ends_restorable(tmp_path: Path, school: Path) -> None:
    environment, browser = a_begun_one(tmp_path, school), Browser(lead())
    assert browser.post(of(environment), act="backup").address == of(environment)
    drive(Run.objects.get(kind="backup"))
    assert not first_run.way(environment).settled
    drive(Run.objects.get(kind="verification"))
    page = browser.get(of(environment))
    assert "Verified backup, restorable" in page.text
    assert "integrity_check" in page.text
    assert [each.pk for each in Backup.objects.all()] == [first_run.way(environment).backup.pk]  # type: ignore[union-attr]


def test_a_proof_is_asked_for_once_however_often_the_news_comes(tmp_path: Path, school: Path) -> None:
    environment = a_begun_one(tmp_path, school)
    run = drive(first_run.take(environment, By(name="test")))
    assert first_run.prove(run) is None
    assert Run.objects.filter(kind="verification").count() == 1


def test_a_backup_somebody_else_asked_for_is_not_proven_by_itself(tmp_path: Path, school: Path) -> None:
    environment = a_begun_one(tmp_path, school)
    backup = make_backup(environment)
    run = make_run(environment, facts={"backup.catalogue": {"backup": backup.pk}})
    assert first_run.prove(run) is None


def test_a_second_press_while_it_runs_is_a_sentence(tmp_path: Path, school: Path) -> None:
    environment, browser = a_begun_one(tmp_path, school), Browser(lead())
    browser.post(of(environment), act="backup")
    browser.post(of(environment), act="backup")
    assert Run.objects.filter(kind="backup").count() == 1
    assert "is under way" in browser.get(of(environment)).text


def test_whoever_left_finds_the_way_back(tmp_path: Path) -> None:
    environment = a_begun_one(tmp_path)
    page = Browser(lead()).get(reverse(BEGIN))
    assert of(environment) in page.links


def test_without_a_worker_the_page_says_how_to_start_one(tmp_path: Path) -> None:
    environment = a_begun_one(tmp_path)
    assert "No worker has taken it" not in Browser(lead()).get(of(environment)).text
    old = Run.objects.get()
    Run.objects.update(created_at=old.created_at.replace(year=2020))
    assert "No worker has taken it yet." in Browser(lead()).get(of(environment)).text


def a_proven_one() -> Environment:
    environment = make_environment(backups_enabled=False)
    backup = make_backup(environment)
    facts = {"backup.catalogue": {"backup": backup.pk}}
    make_run(environment, params={"first": True}, facts=facts)
    make_run(environment, kind="verification", params={"backup": backup.pk}, headline="It is good.")
    return environment


def test_at_the_end_it_says_what_comes_next_and_switches_the_schedule_on() -> None:
    environment, browser = a_proven_one(), Browser(make_admin())
    page = browser.get(of(environment))
    for title in ("Keep the keys elsewhere", "Copies off-site", "Releases", "People", "The runbook on paper"):
        assert title in page.text
    browser.post(of(environment), act="schedule")
    environment.refresh_from_db()
    assert environment.backups_enabled
    assert "Every 15 minutes." in browser.get(of(environment)).text


def test_the_live_part_says_when_it_is_settled(tmp_path: Path, school: Path) -> None:
    environment, browser = a_begun_one(tmp_path, school), Browser(lead())
    address = reverse("admin:backups_first_run_live", args=[environment.name])
    assert browser.client.get(address).json()["finished"] is False
    drive(Run.objects.get())
    assert browser.client.get(address).json()["finished"] is True


def test_a_failed_backup_says_why_and_may_be_tried_again() -> None:
    environment = make_environment()
    make_run(environment, params={"first": True}, state=RunState.SAFE, cause="The disk is full.")
    page = Browser(lead()).get(of(environment))
    assert "The disk is full." in page.text
    assert "Take the first backup" in page.text


@pytest.mark.parametrize("act", ["test", "backup", "schedule"])
@pytest.mark.parametrize("user", [make_viewer, lambda: make_user(*LEAD[:2])], ids=["viewer", "adds only"])
def test_who_may_not_begins_nothing(user: Any, act: str) -> None:
    environment, browser = make_environment(), Browser(user())
    before = everything()
    assert browser.post(of(environment), act=act).status == 403
    assert everything() == before


def test_a_viewer_sees_none_of_it_and_adds_nothing(tmp_path: Path) -> None:
    environment, browser = make_environment(), Browser(make_viewer())
    live = reverse("admin:backups_first_run_live", args=[environment.name])
    assert {browser.get(each).status for each in (reverse(BEGIN), reverse(FORM), of(environment), live)} == {403}
    assert browser.post(f"{reverse(FORM)}?preset=sms-native", **described(tmp_path)).status == 403


def test_looking_at_the_pages_changes_nothing() -> None:
    environment, browser = make_environment(), Browser(make_admin())
    before = everything()
    for where in (reverse(BEGIN), reverse(FORM), of(environment)):
        assert browser.get(where).status == 200
    assert everything() == before
