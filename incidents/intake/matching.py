"""Whether an alert's labels fit a pattern, and what an alert means by them: how bad, of which kind, with which cause.

A pattern names labels; each value may hold wildcards (*, ?, [ab]) and alternatives ("APIDown|Backend*"). All must fit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from incidents import fingerprints

SEVERITIES = {
    "critical": "critical", "page": "critical", "emergency": "critical", "fatal": "critical",
    "high": "high", "error": "high", "major": "high",
    "warning": "medium", "warn": "medium", "medium": "medium", "minor": "medium",
    "info": "low", "information": "low", "low": "low", "notice": "low", "none": "low",
}  # fmt: skip
DOUBT = "high"  # a severity nobody knows: in doubt the higher one
ISSUES = ("service", "data", "security", "unknown")
RULE_KEYS = {"match", "severity", "issue", "cause"}
# What the alerts that SMS's own monitoring ships mean here: those that say it is away join the incident about that.
SHIPPED: Sequence[Mapping[str, Any]] = (
    {
        "match": {"alertname": "APIDown|BackendDown|ContainerDown|APIHealthCheckFailed|DatabaseConnectionsFailed"},
        "severity": "critical", "issue": "service", "cause": "service",
    },
    {"match": {"alertname": "SmsNotServing"}, "severity": "critical", "issue": "service", "cause": "service"},
    {"match": {"alertname": "SmsopsBackupTooOld"}, "issue": "data", "cause": "backup"},
    {"match": {"alertname": "*Backup*|SmsopsRestore*|SmsopsOffsite*|SmsopsLog*"}, "issue": "data"},
    {"match": {"alertname": "NoActiveStudents|UnusualStudentDrop|NoEnrollments"}, "issue": "data"},
    {"match": {"alertname": "UnauthorizedAccess*|SQLInjection*|AccountLockoutSpike|AuthenticationFailureSpike"},
     "issue": "security"},
    {"match": {"alertname": "*"}, "issue": "service"},
)  # fmt: skip


_STRANGE = "\x01zq7"  # no alert is called so


@dataclass(frozen=True)
class Meaning:
    severity: str
    issue: str
    cause: str


def fits(match: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether every label named fits; one that is missing fits only a pattern that fits the empty text."""
    return all(
        any(fnmatchcase(labels.get(name, ""), choice) for choice in pattern.split("|"))
        for name, pattern in match.items()
    )


def mistake(match: object) -> str:
    """What is wrong with such a pattern, in a sentence; empty when nothing is."""
    if not isinstance(match, Mapping) or not match:
        return "Name at least one label and its pattern."
    if not all(isinstance(name, str) and isinstance(pattern, str) for name, pattern in match.items()):
        return "Labels and patterns are texts."
    if all(any(fits({"": pattern}, {"": each}) for each in (_STRANGE, "")) for pattern in match.values()):
        return "This fits every alert; name at least one."
    return ""


def rules_mistake(rules: object) -> str:
    """What is wrong with such a list of rules."""
    if not isinstance(rules, list) or not all(isinstance(rule, Mapping) for rule in rules):
        return "It is a list of rules."
    for number, rule in enumerate(rules, 1):
        if strange := sorted(set(rule) - RULE_KEYS):
            return f"Rule {number}: “{strange[0]}” is none of {', '.join(sorted(RULE_KEYS))}."
        match = rule.get("match")
        if not isinstance(match, Mapping) or not all(isinstance(value, str) for value in match.values()):
            return f"Rule {number}: “match” names labels and their patterns."
        if str(rule.get("severity", "high")) not in SEVERITIES.values():
            return f"Rule {number}: the severity is critical, high, medium or low."
        if rule.get("issue", "service") not in ISSUES:
            return f"Rule {number}: the issue is one of {', '.join(ISSUES)}."
        if not isinstance(rule.get("cause", ""), str):
            return f"Rule {number}: the cause is a text."
    return ""


def meaning(
    labels: Mapping[str, str], group: Mapping[str, str], rules: Sequence[Mapping[str, Any]], source: str
) -> Meaning:
    """What an alert means: of the severity, the issue and the cause each, the first rule counts that fits and names it,
    the source's own before those shipped. Alerts of one group have one cause, unless a rule knows better; a cause that
    is named is the same whoever sends it."""
    fitting = [each for each in (*rules, *SHIPPED) if fits(each.get("match", {}), labels)]
    rule = {key: value for each in reversed(fitting) for key, value in each.items() if value}
    told = labels.get("severity", "").strip().lower()
    by = dict(group) or {"alertname": labels.get("alertname", "")}
    mark = hashlib.sha256(json.dumps(by, sort_keys=True).encode()).hexdigest()[:16]
    return Meaning(
        severity=rule.get("severity") or SEVERITIES.get(told, DOUBT),
        issue=rule.get("issue", "unknown"),
        cause=_cause(str(rule.get("cause", ""))) or fingerprints.ALERT.of(source, mark),
    )


def _cause(named: str) -> str:
    return named if named in fingerprints.WATCHED or not named else fingerprints.ALERT.of(named)
