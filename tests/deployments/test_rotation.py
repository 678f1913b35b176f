"""Rotation of SMS's SECRET_KEY on real installations: proven, or taken back, and the key never seen."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from django.db import connections

from deployments.services import config, key_changes, rotations
from deployments.steps import old_session
from deployments.steps.old_session import OldSession
from smsops import envfile, replacement, secret_keys
from smsops.http import ask
from smsops.models import Run, RunState
from smsops.runs.plan import By
from tests.factories import make_environment
from tests.kills import die, kill_at_every_boundary, killed
from tests.places import ADMIN, SECRET_KEY, Place, drive
from tests.runtimes.acts import small_disk

BY = By(name="test", reason="it leaked")


def rotate(place: Place) -> Run:
    return drive(rotations.start(place.environment, BY))


def key_of(place: Place) -> str:
    return envfile.read(str(place.env_file))["SECRET_KEY"]


def session(place: Place) -> OldSession:
    """Somebody who signed in just now."""
    account = {"email": ADMIN[0], "password": ADMIN[1]}
    answer = ask(place.environment.base_url, "/api/v1/auth/login", method="POST", payload=account, timeout=30)
    return OldSession(answer.json()["access_token"])


def accepted(place: Place, who: OldSession) -> int:
    return who.ask(place.environment.base_url).code


def in_step(place: Place) -> bool:
    """Whether SMS runs with the key that the env file has."""
    running = key_changes.running_key(place.environment, place.runtime)
    return place.serving() and running == config.fingerprint(key_of(place))


def test_a_rotation_ends_every_session_and_lets_people_in_again(place: Place) -> None:
    place.deploy("1.18.1")
    somebody = session(place)
    assert accepted(place, somebody) == 200
    run = rotate(place)
    assert run.state == RunState.SUCCEEDED, run.headline
    assert key_of(place) != SECRET_KEY
    assert not secret_keys.weakness(key_of(place))
    assert in_step(place)
    assert (accepted(place, somebody), accepted(place, session(place))) == (401, 200)
    assert place.running_version() == "1.18.1"


def test_the_run_says_who_when_and_which_hashes_and_that_every_session_has_ended(process_place: Place) -> None:
    process_place.deploy("1.18.1")
    run = rotate(process_place)
    facts, now = run.facts["rotation.write"], config.fingerprint(key_of(process_place))
    assert (facts["before"], facts["after"]) == (config.fingerprint(SECRET_KEY), now)
    assert f"(keyed hash {facts['before'][:12]} → {facts['after'][:12]})" in run.headline
    assert "the old token is refused (HTTP 401); a login works. Every session has ended." in run.headline
    assert (run.actor_name, run.reason, run.finished_at is not None) == ("test", "it leaked", True)


def test_every_other_byte_of_the_env_file_stays_and_so_do_owner_and_mode(process_place: Place) -> None:
    text = f"# ours\r\nSECRET_KEY={SECRET_KEY}\r\nODD=a=\"b\" 'c'\r\n\r\nDEFAULT_ADMIN_EMAIL={ADMIN[0]}\r\n"
    process_place.env_file.write_bytes(text.encode())
    process_place.env_file.chmod(0o640)
    process_place.deploy("1.18.1")
    assert rotate(process_place).state == RunState.SUCCEEDED
    now = process_place.env_file.read_bytes().decode()
    assert now == text.replace(SECRET_KEY, key_of(process_place))
    assert process_place.env_file.stat().st_mode & 0o7777 == 0o640


def test_nothing_that_holds_the_old_key_is_left_to_be_started(place: Place) -> None:
    place.deploy("1.18.0")
    place.deploy("1.18.1")
    before = [found.name for found in place.runtime.instances()]
    run = rotate(place)
    assert len(before) == 2
    assert [found.name for found in place.runtime.instances()] == [place.environment.instance]
    assert "sealed" not in run.steps.get(kind="rotation.sign_in").memo


def test_an_sms_that_does_not_come_up_with_the_file_as_it_is_now_gets_everything_back(place: Place) -> None:
    place.deploy("1.18.1")
    somebody = session(place)
    place.add_env(RATE_LIMIT_READ="many")  # the next start fails, whichever key it has
    before = place.env_file.read_bytes()
    run = rotate(place)
    assert run.state == RunState.UNDONE, run.headline
    assert place.env_file.read_bytes() == before
    assert in_step(place)
    assert accepted(place, somebody) == 200
    assert "accepts the old session" in run.steps.get(kind="rotation.sign_in").output
    assert [found.name for found in place.runtime.instances()] == [place.environment.instance]


def test_an_old_token_that_is_still_accepted_undoes_it(process_place: Place) -> None:
    process_place.deploy("1.18.1")
    process_place.add_env(AUTH_ENABLED="false")
    before = process_place.env_file.read_bytes()
    run = rotate(process_place)
    assert (run.state, process_place.env_file.read_bytes()) == (RunState.UNDONE, before)
    assert run.cause == "The old token is still accepted: SMS signs with something else than SECRET_KEY."
    assert in_step(process_place)


def test_without_a_smoke_account_the_run_says_that_the_proof_is_weaker(process_place: Place) -> None:
    process_place.environment.smoke_email = ""
    process_place.environment.save()
    process_place.deploy("1.18.1")
    run = rotate(process_place)
    assert run.state == RunState.SUCCEEDED, run.headline
    assert run.steps.get(kind="rotation.sign_in").output.startswith("No smoke account is set: the proof is weaker")
    assert "SMS runs with the new key. Every session has ended." in run.headline


def test_an_sms_that_asks_nobody_for_a_token_makes_the_proof_weaker_as_well(process_place: Place) -> None:
    process_place.add_env(AUTH_ENABLED="false")
    process_place.deploy("1.18.1")
    run = rotate(process_place)
    assert run.state == RunState.SUCCEEDED, run.headline
    assert "signed in or not: the proof is weaker" in run.steps.get(kind="rotation.sign_in").output


def test_a_token_that_ended_by_itself_proves_nothing_and_nobody_says_it_does(
    process_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    process_place.deploy("1.18.1")
    monkeypatch.setattr(old_session, "MARGIN", 3600)  # SMS's tokens last for half an hour
    run = rotate(process_place)
    assert "the old session ended by itself before it could be tried; a login works." in run.headline
    assert "refused" not in run.headline


def test_a_weak_key_can_be_rotated_away(process_place: Place) -> None:
    process_place.deploy("1.18.1")
    process_place.write_env(SECRET_KEY="k" * 20, DEFAULT_ADMIN_EMAIL=ADMIN[0], DEFAULT_ADMIN_PASSWORD=ADMIN[1])
    run = rotate(process_place)
    assert run.state == RunState.SUCCEEDED, run.headline
    assert in_step(process_place)


def nothing_was_changed(place: Place, run: Run) -> str:
    """The reason, of a rotation that was refused while SMS ran on with the key it has."""
    assert run.state == RunState.SAFE, run.headline
    assert in_step(place)
    return run.headline


def test_a_file_nobody_may_write_is_refused_before_sms_is_stopped(process_place: Place) -> None:
    process_place.deploy("1.18.1")
    process_place.env_file.chmod(0o400)
    said = nothing_was_changed(process_place, rotate(process_place))
    assert said == f"Not rotated. Env file: {process_place.env_file} is read-only. Let the worker's user write it."


def test_a_full_disk_is_refused_before_sms_is_stopped(process_place: Place, tmp_path: Path) -> None:
    with small_disk(tmp_path / "small", "16k") as disk:
        process_place.env_file = Path(shutil.move(process_place.env_file, disk / "sms.env"))
        process_place.environment.env_file = str(process_place.env_file)
        process_place.environment.save()
        process_place.deploy("1.18.1")
        (disk / "filler").write_bytes(b"x" * 12_288)
        said = nothing_was_changed(process_place, rotate(process_place))
    assert "cannot be replaced: No space left on device." in said


def test_a_comment_that_would_make_every_key_weak_is_refused(process_place: Place) -> None:
    process_place.env_file.write_text(f"SECRET_KEY={SECRET_KEY}\n")
    process_place.deploy("1.18.1")
    process_place.env_file.write_text(f"SECRET_KEY={SECRET_KEY} # change it yearly\n")
    run = rotate(process_place)
    assert run.state == RunState.SAFE
    assert "a part of it, and it contains “change”" in run.headline
    assert "Put the comment on a line of its own." in run.headline


def test_an_env_file_that_two_environments_share_is_refused(process_place: Place) -> None:
    process_place.deploy("1.18.1")
    other = make_environment(env_file=str(process_place.env_file))
    said = nothing_was_changed(process_place, rotate(process_place))
    assert f"is that of {other.name} too, whose sessions would end with it." in said


def test_an_sms_that_is_down_is_not_rotated(process_place: Place) -> None:
    process_place.deploy("1.18.1")
    process_place.runtime.stop(process_place.environment.instance, 5)
    run = rotate(process_place)
    assert run.state == RunState.SAFE
    assert "SMS does not serve now" in run.headline
    assert key_of(process_place) == SECRET_KEY


def test_where_the_smoke_account_does_not_get_in_nothing_is_rotated(process_place: Place) -> None:
    process_place.deploy("1.18.1")
    process_place.environment.smoke_password = "another"
    process_place.environment.save()
    said = nothing_was_changed(process_place, rotate(process_place))
    assert said.startswith(
        "Not rotated. Login: No token was issued: SMS does not know the account or its password (HTTP 400)."
    )


def test_what_somebody_changed_in_the_file_meanwhile_stays_and_sms_comes_back(process_place: Place) -> None:
    process_place.deploy("1.18.1")
    process_place.add_env(RATE_LIMIT_READ="many")
    run = rotations.start(process_place.environment, BY)

    def look() -> None:
        if run.facts.get("rotation.write") and "THEIRS" not in process_place.env_file.read_text():
            process_place.add_env(THEIRS="1")

    kill_at_every_boundary(run, look)
    assert run.state == RunState.UNDONE, run.headline
    assert envfile.read(str(process_place.env_file))["THEIRS"] == "1"
    assert key_of(process_place) == SECRET_KEY
    assert in_step(process_place)


@pytest.mark.parametrize(("where", "dies"), [("before the rename", "Path.rename"), ("behind the rename", "_sync")])
def test_a_worker_killed_in_the_midst_of_writing_leaves_a_whole_file_and_the_next_goes_on(
    process_place: Place, where: str, dies: str
) -> None:
    process_place.deploy("1.18.1")
    run = rotations.start(process_place.environment, BY)
    connections.close_all()
    killed(lambda: dying(run, dies))
    assert (key_of(process_place) == SECRET_KEY) == (where == "before the rename")
    drive(run)
    assert (run.state, in_step(process_place)) == (RunState.SUCCEEDED, True)
    assert key_of(process_place) != SECRET_KEY
    assert not [path for path in process_place.env_file.parent.iterdir() if ".smsops-r" in path.name]


def dying(run: Run, name: str) -> None:
    """Drive the run in a process that dies where the env file is exchanged."""
    rename = Path.rename

    def at_the_rename(path: Path, target: Path) -> Path:
        return die() if ".smsops-r" in path.name else rename(path, target)

    if name == "_sync":
        replacement._sync = die  # type: ignore[assignment]
    else:
        Path.rename = at_the_rename  # type: ignore[assignment, method-assign]
    drive(run)
