"""Patterns of labels, and what alerts mean: how bad, of which kind, with which cause."""

from __future__ import annotations

from typing import Any

import pytest

from incidents.intake import matching
from incidents.intake.matching import fits, meaning


def test_every_label_must_fit_by_wildcards_and_alternatives() -> None:
    labels = {"alertname": "BackendDown", "host": "db1"}
    assert fits({"alertname": "APIDown|Backend*"}, labels)
    assert fits({"alertname": "*", "host": "db[12]"}, labels)
    assert not fits({"alertname": "Backend*", "host": "web"}, labels)
    assert not fits({"alertname": "backend*"}, labels)
    assert not fits({"zone": "?*"}, labels)


@pytest.mark.parametrize(
    "match", [{}, [], "x", {"a": 5}, {"alertname": "*"}, {"a": "*|*"}, {"a": "?*"}, {"a": ""}, {"a": "*", "b": "|x"}]
)
def test_a_silence_for_everything_is_refused(match: Any) -> None:
    assert matching.mistake(match)


def test_a_silence_for_something_is_not() -> None:
    assert not matching.mistake({"alertname": "High*"})
    assert not matching.mistake({"alertname": "*", "host": "db1"})


@pytest.mark.parametrize(
    ("told", "severity"),
    [("critical", "critical"), ("Page", "critical"), ("error", "high"), ("warning", "medium"), ("info", "low"),
     ("purple", "high"), ("", "high")],
)  # fmt: skip
def test_the_severity_is_what_the_label_says_and_high_in_doubt(told: str, severity: str) -> None:
    assert meaning({"alertname": "X", "severity": told}, {}, [], "1").severity == severity


def test_alerts_of_smss_own_monitoring_join_the_incident_about_it() -> None:
    found = meaning({"alertname": "APIDown", "severity": "warning"}, {"alertname": "APIDown"}, [], "1")
    assert (found.severity, found.issue, found.cause) == ("critical", "service", "service")


def test_a_backup_that_failed_is_about_data_and_a_break_in_about_security() -> None:
    assert meaning({"alertname": "SMSBackupTooOld"}, {}, [], "1").issue == "data"
    assert meaning({"alertname": "SQLInjectionAttempt"}, {}, [], "1").issue == "security"


def test_alerts_of_one_group_have_one_cause_and_other_groups_and_sources_another() -> None:
    causes = [
        meaning({"alertname": "Slow", "host": host}, group, [], source).cause
        for host, group, source in [("a", {"g": "1"}, "1"), ("b", {"g": "1"}, "1"), ("a", {"g": "2"}, "1"),
                                    ("a", {"g": "1"}, "2"), ("a", {}, "1")]
    ]  # fmt: skip
    assert causes[0] == causes[1]
    assert len(set(causes)) == 4


def test_the_first_rule_that_says_something_counts_for_it() -> None:
    rules = [
        {"match": {"alertname": "APIDown"}, "severity": "low"},
        {"match": {"alertname": "*Down"}, "severity": "high", "cause": "checkout"},
    ]
    found = meaning({"alertname": "APIDown"}, {}, rules, "1")
    assert (found.severity, found.issue, found.cause) == ("low", "service", "alert:checkout")


@pytest.mark.parametrize(
    "rules",
    [{}, [5], [{"severity": "low"}], [{"match": {"a": 5}}], [{"match": {}, "severity": "bad"}],
     [{"match": {}, "issue": "?"}], [{"match": {}, "cause": 5}], [{"match": {}, "color": "red"}],
     [{"match": {}, "severity": []}], [{"match": {}, "issue": {}}]],
)  # fmt: skip
def test_a_wrong_rule_is_told_in_a_sentence(rules: Any) -> None:
    assert matching.rules_mistake(rules).endswith(".")


def test_right_rules_are_not_complained_of() -> None:
    assert not matching.rules_mistake([{"match": {"alertname": "A"}, "severity": "low", "issue": "data", "cause": "x"}])
