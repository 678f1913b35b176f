"""A post-mortem comes about with the end of its incident, and knows what the record knows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from incidents.models import (
    ActionItem,
    FactKind,
    Incident,
    Page,
    PageState,
    PostMortem,
    PostMortemState,
    ReviewRule,
    Severity,
    SeverityChange,
)
from incidents.postmortems import drafting, measured, paging, words
from incidents.services import facts, incidents, lifecycle
from incidents.services.incidents import Sign
from incidents.tasks import write_postmortems
from smsops.errors import WrongUse
from smsops.models import Environment, Phase, Run
from tests.after.conftest import START, at, drafted, over
from tests.factories import make_backup, make_run, make_step


def opened(environment: Environment, severity: Severity, **more: object) -> Incident:
    return incidents.report(environment, Sign("service", severity, "SMS does not answer", "refused", **more))[0]  # type: ignore[arg-type]


def rows(postmortem: PostMortem, key: str) -> list[list[str]]:
    """A table of what was measured, as people read it."""
    part = next((part for part in words.parts(postmortem.measured) if part.key == key), None)
    return [list(map(str, row)) for row in part.rows] if part else []


@pytest.mark.parametrize(("severity", "hours"), [(Severity.CRITICAL, 24), (Severity.HIGH, 72)])
def test_a_bad_incident_has_its_draft_by_the_next_bell(
    environment: Environment, severity: Severity, hours: int
) -> None:
    incident = opened(environment, severity)
    lifecycle.resolve(incident, "It is well again.")
    write_postmortems()
    found = PostMortem.objects.get(incident=incident)
    assert found.measured["head"]["resolution"] == "It is well again."
    assert found.due_at == incident.resolved_at + timedelta(hours=hours)  # type: ignore[operator]
    assert found.state == PostMortemState.DRAFT


def test_others_get_one_by_the_button_and_only_once_they_are_over(environment: Environment) -> None:
    incident = opened(environment, Severity.MEDIUM)
    with pytest.raises(WrongUse, match="It is not over yet"):
        drafting.begin(incident)
    lifecycle.resolve(incident, "Over.")
    assert not PostMortem.objects.exists()
    assert drafting.begin(incident) == drafting.begin(incident) == PostMortem.objects.get()


def test_the_worst_severity_it_ever_had_decides(environment: Environment) -> None:
    incident = opened(environment, Severity.CRITICAL)
    incidents.set_severity(incident, Severity.LOW, "Only one user.")
    lifecycle.resolve(incident, "Over.")
    assert PostMortem.objects.filter(incident=incident).exists()


def test_an_ops_lead_may_say_which_get_one(environment: Environment) -> None:
    ReviewRule.objects.update_or_create(severity="critical", defaults={"by_itself": False})
    lifecycle.resolve(opened(environment, Severity.CRITICAL), "Over.")
    assert not PostMortem.objects.exists()


def test_a_drill_is_drafted_as_a_drill_and_proposes_nothing(environment: Environment) -> None:
    lifecycle.resolve(opened(environment, Severity.HIGH, drill=True), "Played to its end.")
    write_postmortems()
    found = PostMortem.objects.get()
    assert found.measured["head"]["drill"]
    assert " ".join(words.about(found.measured)).startswith("A drill, played on purpose: ")
    assert not ActionItem.objects.exists()


def test_the_update_of_the_playbook_is_proposed_once_with_what_was_missed(environment: Environment) -> None:
    found = drafted(environment, acknowledged_at=at(20))
    drafting.measure(found.pk)
    item = ActionItem.objects.get()
    assert (item.state, item.kind) == ("proposed", "playbook")
    assert "Response was missed: 20 min" in item.detail


def test_news_are_measured_and_nothing_else_is(environment: Environment) -> None:
    found = drafted(environment)
    assert drafting.measure_all() == 0
    facts.establish(found.incident, FactKind.ROWS_LOST, "2 students")
    assert drafting.measure_all() == 1
    found.refresh_from_db()
    assert found.measured["facts"][0]["text"] == "2 students"


def test_news_that_come_while_it_is_measured_are_measured_next(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, real = drafted(environment), measured.of
    drafting.news(found.incident)

    def slowly(incident: Incident, before: dict[str, object]) -> dict[str, object]:
        told = real(incident, before)
        drafting.news(incident)
        return told

    monkeypatch.setattr(measured, "of", slowly)
    drafting.measure(found.pk)
    assert PostMortem.objects.exclude(news=F("news_read")).count() == 1


def test_one_that_cannot_be_measured_leaves_the_others_alone(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = (drafting.begin(over(environment, fingerprint=name)) for name in ("bad", "good"))
    real = measured.of

    def of(incident: Incident, before: dict[str, object]) -> dict[str, object]:
        if incident.pk == bad.incident_id:
            raise ValueError("broken")
        return real(incident, before)

    monkeypatch.setattr(measured, "of", of)
    assert drafting.measure_all() == 1
    good.refresh_from_db()
    assert good.measured


def test_the_impact_has_exact_times_and_where_they_come_from(environment: Environment) -> None:
    incident = over(environment, began_at=at(-3), severity=Severity.CRITICAL)
    SeverityChange.objects.create(incident=incident, at=START, severity="high")
    SeverityChange.objects.create(incident=incident, at=at(10), severity="critical")
    found = drafting.begin(incident)
    drafting.measure(found.pk)
    found.refresh_from_db()
    table = {row[0]: row[1] for row in rows(found, "impact")}
    assert table["It lasted"] == "30 min"
    assert table["Until users were served again"] == "12 min"
    assert table["Before anybody noticed"] == "3 min"
    assert (table["As Critical"], table["As High"]) == ("20 min", "10 min")
    assert table["Requests that failed"] == "not known"


def test_rows_are_counted_in_the_backups_before_and_after(environment: Environment) -> None:
    make_backup(environment, identifier="before", taken_at=at(-4), row_counts={"students": 1216, "courses": 12})
    make_backup(environment, identifier="after", taken_at=at(31), row_counts={"students": 1214, "courses": 12})
    found = drafted(environment)
    assert rows(found, "rows") == [["students", "1,216", "1,214", "-2"], ["courses", "12", "12", "+0"]]
    part = next(part for part in words.parts(found.measured) if part.key == "rows")
    assert part.source.startswith("Rows in before and in after")


def way_back(environment: Environment, kind: str, **fields: object) -> Run:
    """A run that took SMS away for six minutes, and succeeded."""
    fields = {"title": kind, "started_at": at(6), "finished_at": at(12), "disturbs": True, **fields}
    return make_run(environment, kind=kind, **fields)


def test_the_phases_are_those_of_the_way_back_beside_the_runbooks(environment: Environment) -> None:
    run = way_back(environment, "rollback", params={"strategy": "code"})
    make_step(run, phase=Phase.PREPARE, started_at=at(6), finished_at=at(7))
    make_step(run, phase=Phase.EXECUTE, started_at=at(7), finished_at=at(10))
    make_step(run, phase=Phase.VALIDATE, started_at=at(10), finished_at=at(12))
    found = drafted(environment, began_at=at(-2))
    assert rows(found, "phases") == [
        ["Detect", "2 min", "1 to 2 min"],
        ["Prepare", "7 min", "1 min"],
        ["Execute", "3 min", "2 to 3 min"],
        ["Validate", "20 min", "2 to 3 min"],
        ["Together", "32 min", "—"],
    ]


@pytest.mark.parametrize(
    "kind", ["restart", "recreate", "more_memory", "upgrade", "key_back", "rebuild", "row_recovery"]
)
def test_every_response_of_a_playbook_is_a_way_back(environment: Environment, kind: str) -> None:
    run = way_back(environment, kind, disturbs=kind != "row_recovery")
    found = drafted(environment).measured
    assert [each["run"] for each in found["runs"]] == [run.pk]
    assert found["phases"]["run"] == kind


def test_without_a_way_back_the_phases_go_by_the_clocks(environment: Environment) -> None:
    found = drafted(environment)
    assert [row[1] for row in rows(found, "phases")] == ["0.0 s", "5 min", "7 min", "18 min", "30 min"]


def test_the_objectives_are_met_or_missed_with_their_numbers(environment: Environment) -> None:
    make_backup(environment, identifier="old", taken_at=at(-90))
    table = {row[0]: row[1:4] for row in rows(drafted(environment), "objectives")}
    assert table["Response"] == ["met", "5 min", "15 min"]
    assert table["RTO"] == ["met", "12 min", "20 min"]
    assert table["RPO"] == ["missed", "1 h 30 min", "60 min"]


def test_a_restore_says_how_much_work_it_took_back(environment: Environment) -> None:
    backup = make_backup(environment, identifier="used", taken_at=at(-11))
    way_back(environment, "restore", params={"backup": backup.pk})
    found = drafted(environment)
    assert found.measured["lost"]["seconds"] == 17 * 60
    assert ["RPO", "met", "17 min", "60 min"] in [row[:4] for row in rows(found, "objectives")]


def test_who_was_paged_when_and_who_answered(environment: Environment, ada: User, bob: User) -> None:
    incident = over(environment)
    sent = {"incident": incident, "state": PageState.SENT}
    Page.objects.create(user=bob, level=1, due_at=at(0), key="a", **sent)
    Page.objects.create(user=bob, level=1, due_at=at(5), key="b", kind="reminder", **sent)
    Page.objects.create(user=ada, level=2, due_at=at(6), key="c", late="20 s late: nobody was there", **sent)
    incident.timeline.create(at=at(8), kind="state", text="Acknowledged. On it.", author="ada")
    found = drafting.begin(incident)
    drafting.measure(found.pk)
    found.refresh_from_db()
    table = rows(found, "pages")
    assert [row[0] for row in table] == ["bob", "ada"]
    assert table[0][3:5] == ["2", "no answer"]
    assert table[1][4:] == ["took it after 2 min", "20 s late: nobody was there"]


def test_who_took_it_and_who_could_not_is_told_by_what_they_did(environment: Environment, ada: User, bob: User) -> None:
    incident = opened(environment, Severity.CRITICAL)
    sent = {"incident": incident, "state": PageState.SENT, "due_at": incident.detected_at}
    for user in (bob, ada):
        Page.objects.create(user=user, level=1, key=user.username, **sent)
    lifecycle.decline(incident, bob)
    lifecycle.acknowledge(incident, ada, "On it.")
    found = paging.of(incident, list(incident.timeline.all()))
    assert [(each["person"], each["answer"]) for each in found] == [("bob", "declined"), ("ada", "took it")]


def test_lines_about_evidence_carry_its_digest(environment: Environment) -> None:
    incident = over(environment)
    incident.evidence.create(name="log.txt", path="/nowhere", sha256="ab" * 32, size=10)
    incident.timeline.create(at=at(1), kind="evidence", text="Evidence taken: log.txt.")
    found = drafting.begin(incident)
    drafting.measure(found.pk)
    found.refresh_from_db()
    assert any("log.txt abababababab…" in row[2] for row in rows(found, "timeline"))
    assert rows(found, "evidence")[0][3] == "ab" * 32


def test_what_was_changed_last_is_told_with_who_and_when(environment: Environment) -> None:
    change = make_run(environment, kind="deploy", title="Deploy 1.19.0", actor_name="maria", reason="the new term",
                      started_at=at(-20), finished_at=at(-15))  # fmt: skip
    part = next(part for part in words.parts(drafted(environment, change=change).measured) if part.key == "change")
    assert part.lines == ["Deploy 1.19.0 by maria, 20 min before it was noticed: succeeded.", "Why: the new term"]


def test_of_very_many_lines_the_signs_are_left_out_first(environment: Environment) -> None:
    incident = over(environment)
    for minute in range(600):
        incident.timeline.create(at=at(minute / 60), kind="sign", text=f"refused {minute}")
    incident.timeline.create(at=at(9), kind="action", text="Restarted by hand.")
    told = [line["text"] for line in measured.of(incident, {})["timeline"]]
    assert len(told) <= measured.MOST
    assert {"Restarted by hand.", "refused 599"} <= set(told)


def test_measuring_asks_the_same_number_of_questions_however_long_it_was(environment: Environment) -> None:
    def questions(incident: Incident) -> int:
        read = Incident.objects.select_related("environment", "run", "change").get(pk=incident.pk)
        with CaptureQueriesContext(connection) as asked:
            measured.of(read, {})
        return len(asked)

    short, long = over(environment, fingerprint="a"), over(environment, fingerprint="b")
    for number in range(40):
        long.timeline.create(kind="note", text=f"{number}")
        long.evidence.create(name=f"{number}", path="/nowhere", sha256="a" * 64)
    assert questions(short) == questions(long) < 25
