"""The runbook's five incidents (§5.3), each played from its first sign to its post-mortem.

Really broken, noticed, classified, evidence taken, playbook suggested, diagnosed, mended by one of its responses, over,
and written up. One story each, because what a step does is only worth something after the one before it.
"""

from __future__ import annotations

import pytest

from backups.selectors import find
from backups.services import restores
from deployments.services import preflight, restarts, rollbacks
from incidents.detection import survey
from incidents.diagnoses.base import Verdict
from incidents.models import ActKind, Incident, PostMortem, Triage, Watch
from incidents.services import diagnosing, evidence, first_look, suggestions, watching
from incidents.tasks import write_postmortems
from smsops.http import ask
from smsops.models import Run, RunState
from smsops.runs.plan import By
from tests.backups.databases import make_damaged
from tests.deployments.test_key_changes import change_by_hand, make_anew
from tests.places import ADMIN, Place, drive, wait_for
from tests.runtimes.acts import create

pytestmark = [pytest.mark.usefixtures("shipped"), pytest.mark.slow]
BY = By(name="test", reason="it is broken")
GOOD = "1.19.0"


def replace_by_hand(place: Place, version: str) -> None:
    """Somebody puts another release there, behind our back."""
    name = place.environment.instance
    place.runtime.stop(name, 5)
    place.runtime.remove(name)
    create(place, version)
    place.runtime.start(name)


def look(place: Place) -> None:
    Watch.objects.update(asked_at=None)
    watching.look_now(place.environment.pk)


def noticed(place: Place) -> Incident:
    """Look until there is an incident."""

    def found() -> Incident | None:
        look(place)
        return Incident.objects.first()

    incident = wait_for(found, "an incident", 120)
    assert isinstance(incident, Incident)
    return incident


def classified(place: Place, incident: Incident) -> tuple[str, str]:
    """How bad it is and of which kind, once the first look (minute 0-2) has taken its evidence. What was noticed while
    it still began was only silent; then a later sign says that it died, and of what."""
    first_look.look(incident.pk)
    wait_for(lambda: suggestions.of(incident) or over(place, incident), "a sign that is known", 120)
    first_look.look(incident.pk)
    assert evidence.missing(incident) == []
    incident.refresh_from_db()
    return incident.severity, incident.issue


def diagnosed(incident: Incident, key: str) -> str:
    """The right playbook is suggested, at first sight as well; its diagnosis runs; what it calls a cause."""
    best = suggestions.of(incident)[0].version.playbook
    assert best.key == key
    assert f"“{best.title}”" in Triage.objects.get(incident=incident).guess
    run = drive(diagnosing.start(incident, BY))
    assert run.state == RunState.SUCCEEDED, run.headline
    causes = incident.acts.filter(kind=ActKind.DIAGNOSIS, verdict=Verdict.CAUSE, run=run)
    return "\n".join(f"{act.title}: {act.text}" for act in causes)


def mended(place: Place, incident: Incident, run: Run, key: str) -> None:
    """The response succeeded, SMS serves, and it is recorded on the incident."""
    assert run.state == RunState.SUCCEEDED, run.headline
    assert place.serving()
    act = incident.acts.get(kind=ActKind.RESPONSE)
    assert (act.key, act.run_id, act.verdict) == (key, run.pk, "succeeded")
    assert act.version is not None


def told(incident: Incident, run: Run) -> bool:
    """By the next bell there is a draft: when it was over, by which run, what was taken, and no objective missed."""
    write_postmortems()
    found = PostMortem.objects.get(incident=incident).measured
    assert found["clocks"]["resolved_at"]
    assert {each["name"] for each in found["evidence"]} >= set(evidence.PIECES)
    assert [each["verdict"] for each in found["runs"] if each["run"] == run.pk] == ["Succeeded"]
    assert [each["name"] for each in found["objectives"] if each["verdict"] == "missed"] == []
    return True


def over(place: Place, incident: Incident) -> bool:
    look(place)
    incident.refresh_from_db()
    return not incident.live


def begin(place: Place) -> Place:
    assert place.deploy(GOOD).state == RunState.SUCCEEDED
    watching.due()
    look(place)
    return place


def test_a_crash_loop_by_a_missing_library_is_mended_by_going_back(process_place: Place) -> None:
    begin(process_place)
    replace_by_hand(process_place, "1.20.1")
    incident = noticed(process_place)
    wait_for(lambda: "No module named" in process_place.runtime.logs(process_place.environment.instance, 50), "its log")
    assert classified(process_place, incident) == ("critical", "service")
    assert "Missing libraries: A library is missing" in diagnosed(incident, "crash-loop")
    run = drive(rollbacks.start(process_place.environment, BY, GOOD, "code"))
    mended(process_place, incident, run, "rollback_code")
    wait_for(lambda: over(process_place, incident), "the incident to be over")
    assert told(incident, run)


@pytest.mark.docker
def test_a_crash_loop_by_lack_of_memory_is_mended_by_more_of_it(docker_place: Place) -> None:
    begin(docker_place)
    docker_place.environment.memory_limit_mb = 32
    docker_place.environment.save()
    replace_by_hand(docker_place, GOOD)
    incident = noticed(docker_place)
    assert classified(docker_place, incident) == ("critical", "service")
    assert "It was killed for memory; its limit is 32 MB." in diagnosed(incident, "crash-loop")
    run = drive(restarts.give_memory(docker_place.environment, 1024, BY))
    mended(docker_place, incident, run, "more_memory")
    docker_place.environment.refresh_from_db()
    assert docker_place.environment.memory_limit_mb == 1024


def test_an_api_that_answers_500_everywhere_is_mended_by_going_back(process_place: Place) -> None:
    begin(process_place)
    replace_by_hand(process_place, "1.20.3")
    wait_for(lambda: ask(process_place.environment.base_url, "/health").code == 500, "SMS to answer 500")
    incident = noticed(process_place)
    assert incident.title == "SMS is unhealthy"
    assert classified(process_place, incident) == ("critical", "service")
    assert "Errors: It logs errors." in diagnosed(incident, "errors")
    run = drive(rollbacks.start(process_place.environment, BY, GOOD, "code"))
    mended(process_place, incident, run, "rollback_code")
    wait_for(lambda: over(process_place, incident), "the incident to be over")
    assert told(incident, run)


def test_a_damaged_database_is_mended_by_a_restore(process_place: Place) -> None:
    begin(process_place)
    process_place.back_up()
    process_place.runtime.stop(process_place.environment.instance, 5)
    make_damaged(process_place.database)
    process_place.back_up()
    incident = Incident.objects.get(fingerprint="backup")
    assert classified(process_place, incident) == ("critical", "data")
    assert "Integrity of the database: A copy of the database does not pass" in diagnosed(incident, "database")
    run = drive(restores.start(find(process_place.environment, "latest"), BY))
    mended(process_place, incident, run, "restore")
    assert process_place.students() == 200
    process_place.back_up()
    assert over(process_place, incident)
    assert told(incident, run)


def test_logins_that_fail_since_the_key_changed_are_mended_by_the_old_key(process_place: Place) -> None:
    begin(process_place)
    base, account = process_place.environment.base_url, {"email": ADMIN[0], "password": ADMIN[1]}
    token = ask(base, "/api/v1/auth/login", method="POST", payload=account).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    change_by_hand(process_place)
    make_anew(process_place)
    for _ in range(4):
        ask(base, "/api/v1/auth/me", headers=headers)
    incident = noticed(process_place)
    assert classified(process_place, incident) == ("high", "service")
    assert "The signing key: SMS runs with another SECRET_KEY" in diagnosed(incident, "logins")
    run = drive(restarts.put_key_back(process_place.environment, BY))
    mended(process_place, incident, run, "key_back")
    assert ask(base, "/api/v1/auth/me", headers=headers).ok
    assert over(process_place, incident)
    assert told(incident, run)


def test_a_blank_page_is_mended_by_going_back(process_place: Place) -> None:
    begin(process_place)
    replace_by_hand(process_place, "1.20.6")
    wait_for(process_place.serving, "SMS to serve")
    for _ in range(2):
        look(process_place)
        survey.look_now(process_place.environment.pk)
    incident = Incident.objects.get(title="Users see a blank page")
    assert classified(process_place, incident) == ("critical", "service")
    assert "The page's scripts: Static assets:" in diagnosed(incident, "frontend")
    run = drive(rollbacks.start(process_place.environment, BY, GOOD, "code"))
    mended(process_place, incident, run, "rollback_code")
    bundle = next(each for each in preflight.checklist(process_place.environment) if each.key == "bundle")
    assert bundle.verdict == "pass"
    survey.look_now(process_place.environment.pk)
    incident.refresh_from_db()
    assert not incident.live
    assert told(incident, run)
