"""Audits: what is found, what could not be checked, and never a secret's value."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from deployments.audits import base, disclosures, frontend, packages
from deployments.audits.base import CouldNotCheck, Found
from deployments.models import Finding, Release
from deployments.services import audits, releases
from smsops.errors import WrongUse
from smsops.models import Environment, JournalEntry, Run, RunState
from smsops.process import Completed
from smsops.runs.plan import By
from tests.factories import make_environment, make_release, make_repository, make_run
from tests.places import drive

PLANTED = "AKIAZ7Q4J2XKWNV5T3LM"
BY = By(name="maria", reason="it is a test key")
LOCK = json.dumps({"name": "sms", "lockfileVersion": 3, "packages": {"node_modules/lodash": {"version": "4.17.0"}}})
PIP_SAID = {
    "dependencies": [
        {"name": "flask", "version": "0.5", "vulns": [
            {"id": "PYSEC-2019-179", "fix_versions": ["1.0"], "aliases": ["CVE-2019-1010083", "GHSA-5wv5-4vpf-pj6m"],
             "description": "The Pallets Project Flask before 1.0\nis affected by unexpected memory usage."},
            {"id": "PYSEC-2018-66", "fix_versions": [], "aliases": [], "description": ""}]},
        {"name": "jinja2", "version": "3.1.6", "vulns": []},
        {"name": "ours", "skip_reason": "Dependency not found on PyPI and could not be audited: ours (1.0)"},
    ],
    "fixes": [],
}  # fmt: skip
NPM_SAID = {
    "auditReportVersion": 2,
    "vulnerabilities": {
        "lodash": {
            "name": "lodash", "severity": "critical", "isDirect": True, "range": "<4.17.12", "nodes": [],
            "via": [{"source": 1065, "name": "lodash", "title": "Prototype Pollution in lodash", "severity": "critical",
                     "url": "https://github.com/advisories/GHSA-jf85-cpcp-j695", "range": "<4.17.12"}],
            "fixAvailable": {"name": "lodash", "version": "4.17.21", "isSemVerMajor": False}},
        "async": {"name": "async", "severity": "high", "via": ["lodash"], "fixAvailable": True}},
    "metadata": {"dependencies": {"prod": 2, "total": 2}},
}  # fmt: skip
PINS: packages.Pins = {("flask", "0.5"): "requirements.txt", ("jinja2", "3.1.6"): "requirements.txt"}


def test_each_known_weakness_names_package_advisory_and_fix() -> None:
    report = packages.report(PIP_SAID, PINS, [])
    first = report.found[0]
    assert (report.checked, len(report.found)) == ("2 packages", 2)
    assert (first.package, first.installed, first.fix, first.file) == ("flask", "0.5", "1.0", "requirements.txt")
    assert first.advisory == "PYSEC-2019-179, CVE-2019-1010083, GHSA-5wv5-4vpf-pj6m"
    assert first.what == "The Pallets Project Flask before 1.0 is affected by unexpected memory usage."


def test_a_package_the_database_does_not_know_is_not_one_without_findings() -> None:
    assert packages.report(PIP_SAID, PINS, []).unchecked == ("ours (unknown to the database)",)


def test_when_the_database_knows_none_nothing_was_checked() -> None:
    said = {"dependencies": PIP_SAID["dependencies"][2:]}
    with pytest.raises(CouldNotCheck, match="knows none of 1 package"):
        packages.report(said, PINS, [])


REQUIREMENTS = """# what SMS needs
fastapi==0.115.0  # the framework
uvicorn[standard]==0.30.6 ; python_version >= "3.8"
alembic == 1.13.2 \\
    --hash=sha256:aaaa
pydantic>=2,<3
sqlalchemy
django==5.*
-r other.txt
--index-url https://evil.example/simple
git+https://evil.example/x.git
"""


def test_only_exact_versions_are_asked_for_and_the_others_are_named() -> None:
    pins, loose = packages.pinned({"requirements.txt": REQUIREMENTS})
    assert sorted(pins) == [("alembic", "1.13.2"), ("fastapi", "0.115.0"), ("uvicorn", "0.30.6")]
    assert [name.split()[0] for name in loose] == ["pydantic", "sqlalchemy", "django", "git"]


def test_npms_findings_have_a_severity_and_a_name_alone_is_no_finding() -> None:
    report = frontend.report(NPM_SAID, "frontend/package-lock.json")
    (found,) = report.found
    assert (report.checked, found.severity, found.package) == ("2 packages", "critical", "lodash")
    assert (found.advisory, found.fix) == ("GHSA-jf85-cpcp-j695", "lodash 4.17.21")


@pytest.mark.parametrize(
    "said", [{"message": "request to https://registry failed", "error": {"summary": ""}}, {"error": {"summary": "off"}}]
)
def test_an_error_of_npm_is_no_report(said: dict[str, Any]) -> None:
    with pytest.raises(CouldNotCheck, match=r"npm audit gave no answer: (request|off)"):
        frontend.report(said, "package-lock.json")


@pytest.mark.parametrize("stdout", ["", "[]", "<html>", '{"results": 3}'])
def test_an_answer_that_is_none_is_not_believed(stdout: str) -> None:
    done = Completed(("x",), 0, stdout, "")
    with pytest.raises(CouldNotCheck):
        disclosures.report(base.document("detect-secrets", done), ".mark", 1)


def test_what_smsops_itself_put_among_the_files_is_no_finding_of_the_release() -> None:
    place = {"type": "Hex High Entropy String", "hashed_secret": "a" * 40, "line_number": 1}
    said = {"results": {".mark": [place], "backend/keys.py": [place]}}
    assert [found.file for found in disclosures.report(said, ".mark", 2).found] == ["backend/keys.py"]


def test_a_missing_tool_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(CouldNotCheck, match="no-such-tool is not installed; ask Maria"):
        base.run("no-such-tool", [], tmp_path, 5, "ask Maria.")


def test_a_tool_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    with pytest.raises(CouldNotCheck, match="sleep was ended before it was done; it may take 1 s"):
        base.run("sleep", ["60"], tmp_path, 1, "")


def test_a_tool_that_cannot_be_ended_kindly_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "LEEWAY", 1)
    with pytest.raises(CouldNotCheck, match="sh was ended before it was done"):
        base.run("sh", ["-c", "trap '' TERM; while :; do sleep 0.1; done"], tmp_path, 1, "")


def test_what_the_tool_says_last_is_told_without_secrets(tmp_path: Path) -> None:
    done = base.run("sh", ["-c", "echo 'no way to https://me:hunter2-Zq81@registry' >&2; exit 3"], tmp_path, 5, "")
    with pytest.raises(CouldNotCheck, match="no way to") as caught:
        base.document("pip-audit", done)
    assert "hunter2" not in str(caught.value)


# With a release, its repository and the real tools.


@pytest.fixture
def audited(tmp_path: Path, transactional_db: None) -> Callable[..., Run]:
    """Audit a release with these files."""

    def audit(**files: str) -> Run:
        named = {name.replace("__", "/").replace("_dot_", "."): text for name, text in files.items()}
        tree = {"VERSION": "1.18.0\n", "backend/entrypoint.py": "", **named}
        source = make_repository(tmp_path / "source", {"v1.18.0": tree})
        environment = make_environment(source_path=str(source))
        releases.import_all(environment)
        return drive(audits.start(Release.objects.get(environment=environment), By(name="maria")))

    return audit


@pytest.fixture
def no_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The network ends at this machine."""
    for name in base.WAYS_OUT[:2]:
        for each in (name, name.lower()):
            monkeypatch.setenv(each, "http://127.0.0.1:9")


def step(run: Run, kind: str) -> Any:
    return run.steps.get(kind=f"audit.{kind}")


@pytest.mark.audit
def test_without_a_network_it_says_that_it_could_not_check(audited: Callable[..., Run], no_way_out: None) -> None:
    run = audited(requirements_dot_txt="flask==0.5\n", package_dot_json="{}")
    assert (run.state, step(run, "pip").state) == (RunState.SUCCEEDED, "skipped")
    assert step(run, "pip").output.startswith("Could not check: pip-audit gave no answer")
    assert "1.18.0: no findings; could not check: look the Python packages up." in run.headline
    assert run.facts["audit.conclude"]["unchecked"] == ["Look the Python packages up"]


@pytest.mark.audit
def test_npm_without_a_network_could_not_check_either(audited: Callable[..., Run], no_way_out: None) -> None:
    manifest = '{"name": "sms", "version": "1.0.0", "dependencies": {"lodash": "4.17.0"}}'
    run = audited(frontend__package_dot_json=manifest, **{"frontend__package-lock_dot_json": LOCK})
    assert step(run, "npm").output.startswith("Could not check: npm audit gave no answer")
    assert step(run, "pip").output == "There is nothing of that sort in this release."


@pytest.mark.audit
def test_a_planted_secret_is_found_by_place_and_sort_and_its_value_is_nowhere(audited: Callable[..., Run]) -> None:
    run = audited(backend__config_dot_py=f"# settings\nAWS_KEY = '{PLANTED}'\n")
    (found,) = Finding.objects.filter(run=run)
    assert (found.place, found.what) == ("backend/config.py:2", "Looks like a secret: AWS Access Key")
    assert (found.severity, found.version) == ("high", "1.18.0")
    assert "1.18.0: 1 finding (1 high)" in run.headline
    rows = [Run.objects.values(), run.steps.values(), Finding.objects.values(), JournalEntry.objects.values()]
    assert PLANTED not in str([list(each) for each in rows])


@pytest.mark.audit
def test_a_clean_release_was_checked_and_has_no_findings(audited: Callable[..., Run]) -> None:
    run = audited(backend__main_dot_py="print('hello')\n")
    assert (step(run, "secrets").state, step(run, "secrets").output) == ("done", "3 files checked: no findings.")
    assert run.headline == "1.18.0: no findings."
    assert not (settings.SMSOPS_WORK_DIR / f"run-{run.pk}" / "tree").exists()


@pytest.mark.audit
def test_a_secret_that_moved_to_another_line_is_the_same_finding(audited: Callable[..., Run]) -> None:
    first = audited(a_dot_py=f"KEY = '{PLANTED}'\n")
    audits.accept(Finding.objects.get(run=first), BY)
    release = Release.objects.get(environment=first.environment)
    again = drive(audits.start(release, BY))
    (found,) = Finding.objects.filter(run=again)
    assert (found.accepted_by, found.accepted_reason) == ("maria", "it is a test key")
    assert "1 of them accepted" in again.headline


def test_a_release_without_a_source_could_not_be_checked(transactional_db: None) -> None:
    run = drive(audits.start(make_release(make_environment()), BY))
    assert run.state == RunState.SUCCEEDED
    assert {each.state for each in run.steps.exclude(kind="audit.conclude")} == {"skipped"}
    assert "there is no source of release 1.18.0" in step(run, "secrets").output


# Findings as rows.


@pytest.fixture
def environment(db: None) -> Environment:
    return make_environment()


def recorded(environment: Environment, *found: Found, run: Run | None = None) -> list[Finding]:
    return audits.record(run or make_run(environment, kind="audit"), "pip-audit", found)


FLASK = Found("Memory", "flask PYSEC-1", package="flask", installed="0.5")


def test_writing_the_findings_twice_leaves_them_there_once(environment: Environment) -> None:
    run = make_run(environment, kind="audit")
    for _ in range(2):
        recorded(environment, FLASK, FLASK, run=run)
    assert Finding.objects.count() == 1


def test_who_accepted_a_finding_once_has_accepted_it_in_the_next_audit(environment: Environment) -> None:
    (first,) = recorded(environment, FLASK)
    audits.accept(first, BY)
    (again,) = recorded(environment, FLASK)
    assert (again.accepted_by, again.accepted_reason) == ("maria", "it is a test key")


def test_at_another_environment_nobody_has_accepted_it(environment: Environment) -> None:
    (first,) = recorded(environment, FLASK)
    audits.accept(first, BY)
    (elsewhere,) = recorded(make_environment(), FLASK)
    assert elsewhere.accepted_at is None


def test_nothing_is_accepted_without_a_reason(environment: Environment) -> None:
    (found,) = recorded(environment, FLASK)
    with pytest.raises(WrongUse, match="Say why"):
        audits.accept(found, By(name="maria"))
    assert not Finding.objects.exclude(accepted_at=None).exists()
