"""The repository's docker-compose.yml, brought up for real beside an SMS that was there before it.

One installation takes minutes, and tests are dealt out to several processes: so it is one test, which walks through
everything in the order in which a newcomer does.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests

from smsops import secret_files
from tests.compose.installation import Installation, installation
from tests.compose.visitor import Visitor, secrets_of, token_of
from tests.places import wait_for

PASSWORD = "seventeen-Blue-herons"
ROOTS = {"worker", "follow", "prepare"}  # for SMS's data, and to give folders away
RIGHTS = {
    "worker": {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETUID", "SETGID", "KILL"},
    "follow": {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETUID", "SETGID", "KILL"},
    "prepare": {"CHOWN", "DAC_OVERRIDE", "FOWNER"},
    "edge": {"NET_BIND_SERVICE"},
}


@pytest.mark.docker
@pytest.mark.compose
@pytest.mark.slow
def test_a_newcomer_brings_it_up_and_backs_sms_up_over_the_edge(school: Path, repository: Path) -> None:
    with installation() as placed:
        placed.compose("build", "web")
        placed.begin_sms(school)
        files_that_are_missing_are_told(placed)
        placed.compose("run", "--rm", "secrets")
        placed.up()
        nobody_has_more_rights_than_the_file_says(placed)
        lead = the_first_administrator_signs_in(placed)
        placed.describe_sms(repository)
        a_backup_is_made_by_the_button_and_verified(placed, lead)
        every_plan_is_made_in_web(lead)
        what_the_worker_made_is_read_in_web(placed, lead)
        sms_runs_on_a_copy(placed)
        an_alert_is_taken(placed, lead)
        nothing_is_lost_when_it_goes_down(placed)
        smsops_is_brought_back_from_its_own_backup(placed)
        assert secrets_seen(placed) == []


def files_that_are_missing_are_told(placed: Installation) -> None:
    """With empty files nothing begins, and the reason is a sentence."""
    folder = placed.folder / "secrets"
    folder.mkdir()
    for name in (*secret_files.MADE, *secret_files.EMPTY):
        (folder / name).touch()
    said = placed.compose("run", "--rm", "--no-deps", "migrate", check=False)
    assert said.returncode == 1
    assert "SMSOPS_SECRET_KEY_FILE: the file /run/secrets/secret_key is empty." in said.stdout + said.stderr
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


def nobody_has_more_rights_than_the_file_says(placed: Installation) -> None:
    """As the engine itself sees it: user, root file system, capabilities, limits."""
    for name, container in placed.containers().items():
        told, host = container.attrs["Config"], container.attrs["HostConfig"]
        assert (told["User"].partition(":")[0] in ("root", "0")) == (name in ROOTS | {"engine-door"}), name
        assert host["ReadonlyRootfs"] and not host["Privileged"], name
        assert host["CapDrop"] == ["ALL"] and set(host["CapAdd"] or ()) == RIGHTS.get(name, set()), name
        assert "no-new-privileges:true" in host["SecurityOpt"], name
        assert host["Memory"] and host["PidsLimit"] and host["LogConfig"]["Config"]["max-size"] == "10m", name
        assert ("docker.sock" in json.dumps(host["Binds"])) == (name == "engine-door"), name


def the_first_administrator_signs_in(placed: Installation) -> Visitor:
    """Made once; the same again changes nothing, another one is refused. Plain HTTP leads to HTTPS."""
    words = ("ops", "first-admin", "lead", "--password-file", "-")
    assert "first administrator" in placed.manage("web", *words, typed=f"{PASSWORD}\n").stdout
    assert "nothing was changed" in placed.manage("web", *words, typed="another one\n").stdout
    assert placed.manage("web", "ops", "first-admin", "second", "--password-file", "-", check=False).returncode == 2
    moved = requests.get(f"http://localhost:{placed.http}/", allow_redirects=False, timeout=10)
    assert (moved.status_code, moved.headers["Location"]) == (308, "https://localhost/")
    lead = Visitor(placed)
    page = lead.sign_in("lead", PASSWORD)
    assert page.status == 200 and "lead" in page.text
    return lead


def runs(placed: Installation, kind: str) -> list[dict[str, Any]]:
    return [run for run in placed.ops("runs") if run["kind"] == kind]


def succeeded(placed: Installation, kind: str, patience: float = 120) -> None:
    """Wait for the newest run of that kind."""
    run = wait_for(lambda: next((each for each in runs(placed, kind) if each["finished_at"]), None), kind, patience)
    assert run["state"] == "succeeded", run


def a_backup_is_made_by_the_button_and_verified(placed: Installation, lead: Visitor) -> None:
    (backup,) = [door for door in lead.open("/smsops/environment/1/change/").doors if door.endswith("/backup/")]
    page = lead.send(backup)
    assert page.status == 200, page.text[:500]
    succeeded(placed, "backup")
    assert placed.ops("verify", "school", "--wait")["state"] == "succeeded"
    (found,) = placed.ops("backups", "school")
    assert found["proof"] in ("started", "restored", "checked"), found


def every_plan_is_made_in_web(lead: Visitor) -> None:
    """Web looks at the engine and at SMS's data by itself, and can do nothing there."""
    doors = list(lead.open("/smsops/environment/1/change/").doors)
    pages = {door: lead.open(door) for door in doors}
    assert len(pages) > 5
    assert {door: page.status for door, page in pages.items() if page.status != 200} == {}
    away = ("does not answer", "cannot see", "does not allow", "cannot be read")
    assert {door: page.text for door, page in pages.items() if any(word in page.text for word in away)} == {}


def what_the_worker_made_is_read_in_web(placed: Installation, lead: Visitor) -> None:
    """Vault and keys: files of root's worker, and a dashboard that warns of keys nobody exported."""
    assert "only on this machine" in lead.open("/").text
    owner = placed.compose("exec", "-T", "web", "stat", "-c", "%u", "/var/lib/smsops/keys/vault/current").stdout
    assert owner.strip() == "10001"
    said = placed.manage("web", "ops", "vault", "status", "school", "--json")
    assert json.loads(said.stdout)["backups"] == 1


def sms_runs_on_a_copy(placed: Installation) -> None:
    """A restore test: the engine finds the worker's folder, the worker finds the sandbox."""
    assert placed.ops("restore-test", "school", "--wait")["state"] == "succeeded"


def an_alert_is_taken(placed: Installation, lead: Visitor) -> None:
    address = f"{lead.base}/alerts/generic/{token_of(placed)}"
    body = {"title": "Disk nearly full", "severity": "warning", "status": "firing"}
    answer = lead.session.post(address, json=body, timeout=30)
    assert answer.status_code in (200, 202), answer.text
    assert lead.session.get(address, timeout=30).text == "Send it by POST.\n"  # of the door for alerts itself
    wait_for(lambda: "Disk nearly full" in lead.open("/incidents/alert/").text, "the alert to be read", 120)


def nothing_is_lost_when_it_goes_down(placed: Installation) -> None:
    before = placed.ops("runs")
    placed.compose("down")
    placed.up()
    assert [run["run"] for run in placed.ops("runs")][-len(before) :] == [run["run"] for run in before]
    assert Visitor(placed).sign_in("lead", PASSWORD).status == 200
    assert placed.ops("backup", "school", "--wait")["state"] == "succeeded"


def smsops_is_brought_back_from_its_own_backup(placed: Installation) -> None:
    """Its database is gone; over one with rows in it nothing is restored."""
    before = placed.ops("runs")
    taken = placed.ops("own-backup", "now")
    assert placed.manage("worker", "ops", "own-backup", "restore", "latest", check=False).returncode == 2
    placed.compose("down")
    placed.client.volumes.get(f"{placed.name}_smsops_db").remove()
    placed.compose("up", "-d", "db", "prepare")
    wait_for(lambda: "db" not in placed.unwell(), "PostgreSQL", 120)
    words = ("python", "manage.py", "ops", "own-backup", "restore", "latest")
    assert taken["backup"] in placed.compose("run", "--rm", "--no-deps", "migrate", *words).stdout
    placed.up()
    assert {run["run"] for run in before} <= {run["run"] for run in placed.ops("runs")}
    assert Visitor(placed).sign_in("lead", PASSWORD).status == 200


def secrets_seen(placed: Installation) -> list[str]:
    """Those that stand in a log or in what the engine tells of a container."""
    seen = placed.logs() + json.dumps([each.attrs for each in placed.containers().values()])
    return [secret for secret in (*secrets_of(placed), PASSWORD) if secret in seen]
