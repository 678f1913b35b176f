"""What smsops gives Prometheus, Alertmanager and Grafana, read by their own programs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from incidents.intake.matching import SEVERITIES
from incidents.monitoring import exposition, stack
from incidents.monitoring.stack import DASHBOARD, RULES, Site, Sms
from tests.factories import CANARY, make_environment
from tests.monitoring.figures import exported
from tests.monitoring.test_figures import fill
from tests.monitoring.tools import checked

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "monitoring.md"
PLACES = [Sms("school", "http://127.0.0.1:8080"), Sms("six", "https://jane:secret@[2001:db8::7]")]
needs_tools = pytest.mark.alertmanager


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
    return found


def questions() -> list[str]:
    """Every query of the dashboard."""
    return [target["expr"] for panel in panels() for target in panel["targets"]]


def named(text: str) -> set[str]:
    return set(re.findall(r"\bsmsops_\w+", text))


@pytest.mark.django_db
def test_every_figure_that_is_asked_for_is_exported() -> None:
    asked = named(" ".join([rule["expr"] for rule in rules()] + questions()))
    assert len(asked) > 20
    assert asked - exported() == set()


@pytest.mark.django_db
def test_the_guide_has_every_figure_and_every_rule_and_no_other() -> None:
    guide = GUIDE.read_text()
    assert set(re.findall(r"^\| `(smsops_\w+)`", guide, re.M)) == exported()
    assert set(re.findall(r"^\| `([A-Z]\w+)`", guide, re.M)) == {rule["alert"] for rule in rules()}


def test_every_rule_says_how_bad_it_is_in_a_word_smsops_knows_and_what_it_is_about() -> None:
    assert {rule["labels"]["severity"] for rule in rules()} <= set(SEVERITIES)
    assert all(rule["annotations"]["summary"] and rule["annotations"]["description"] for rule in rules())


def test_the_panels_lie_beside_each_other_and_say_what_they_show() -> None:
    taken = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels())
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(taken) == len(set(taken)) and max(x for x, _ in taken) < 24
    assert all(panel["title"] for panel in panels())


@needs_tools
def test_prometheus_finds_the_rules_in_order_and_they_fire_when_they_should() -> None:
    assert f"{len(rules())} rules found" in checked("promtool", "check", "rules", RULES)
    for name in ("smsops.rules.test.yml", "smsops.days.test.yml"):
        assert "SUCCESS" in checked("promtool", "test", "rules", Path(__file__).with_name(name))


@needs_tools
def test_prometheus_understands_every_query_of_the_dashboard(tmp_path: Path) -> None:
    made = [{"record": f"panel:{number}", "expr": expr} for number, expr in enumerate(questions())]
    (tmp_path / "panels.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": made}]}))
    assert f"{len(made)} rules found" in checked("promtool", "check", "rules", tmp_path / "panels.yml")


@needs_tools
@pytest.mark.django_db
def test_prometheus_has_nothing_to_say_against_the_figures() -> None:
    fill(make_environment())
    assert checked("promtool", "check", "metrics", told=exposition.exposed()) == ""


@needs_tools
def test_prometheus_takes_its_configuration(tmp_path: Path, settings: Any) -> None:
    settings.SMSOPS_METRICS_TOKEN = CANARY
    (tmp_path / "metrics.token").write_text(CANARY)
    (tmp_path / RULES.name).write_text(RULES.read_text())
    text = stack.prometheus(Site("https://ops.school.example", tokens=str(tmp_path)), PLACES)
    (tmp_path / "prometheus.yml").write_text(text)
    assert "is valid prometheus config file syntax" in checked(
        "promtool", "check", "config", tmp_path / "prometheus.yml"
    )
    assert (CANARY in text, "jane" in text) == (False, False)


@needs_tools
@pytest.mark.parametrize("to", ["", "ops@school.example"])
def test_alertmanager_takes_its_configuration(tmp_path: Path, to: str) -> None:
    text = stack.alertmanager(Site("https://ops.school.example", to=to), ["school", "other"])
    (tmp_path / "alertmanager.yml").write_text(text)
    assert "4 receivers" in checked("amtool", "check-config", tmp_path / "alertmanager.yml")


@needs_tools
@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ("alertname=Watchdog", "watchdog"),
        ("alertname=SmsopsSilent outside=yes", "outside,school"),
        ("alertname=SmsopsBackupTooOld environment=other", "other"),
        ("alertname=APIDown", "school"),
    ],
)
def test_alertmanager_leads_each_alert_to_where_it_belongs(tmp_path: Path, labels: str, receivers: str) -> None:
    (tmp_path / "alertmanager.yml").write_text(stack.alertmanager(Site(), ["school", "other"]))
    config = f"--config.file={tmp_path / 'alertmanager.yml'}"
    assert checked("amtool", "config", "routes", "test", config, *labels.split()).splitlines()[0] == receivers
