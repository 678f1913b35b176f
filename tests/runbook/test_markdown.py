"""The runbook as Markdown: to be printed for the night in which smsops is down."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from django.core.management import CommandError

from incidents.runbook import chapters, markdown, notes
from incidents.runbook.notes import Place
from smsops.management.commands.ops import Command
from smsops.models import Environment
from tests.admin.browser import Browser
from tests.factories import CANARY, make_admin, make_environment, make_incident, make_user
from tests.ops.terminal import Terminal
from tests.runbook.pages import PAPER, a_known_school, address

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped_rows")]

PLACES = {"NUMBER": "7", "USER": "ada", "VERSION": "1.19.0"}


def text_of(school: Environment | None) -> str:
    place = chapters.place_of(school.name) if school is not None else None
    return markdown.of(chapters.read(place, make_admin()))


def part(text: str, number: str) -> str:
    """What stands under one heading, without the signs that keep text from being formatting."""
    text = text.replace("\\&", "&")
    found = re.split(r"(?m)^#+ ", text)
    return next(each for each in found if each.startswith((f"{number} ", f"{number}. ")))


def test_it_has_every_section_of_the_paper_under_its_number() -> None:
    text = text_of(a_known_school())
    assert [number for number, title in PAPER.items() if title not in part(text, number).splitlines()[0]] == []


def test_it_says_what_was_known_when_it_was_made() -> None:
    text = text_of(a_known_school())
    assert "- **Next**: 1.19.0" in part(text, "2")
    assert "Logins are slow" in part(text, "5")
    assert "| RTO |" in part(text, "6.1")
    assert "- **Printed**: " in text


@pytest.mark.parametrize("runtime", ["process", "docker"])
def test_every_command_of_ours_in_it_is_one_that_exists(runtime: str) -> None:
    school = a_known_school()
    Environment.objects.update(runtime=runtime, volume="sms_data")
    parser = Command().create_parser("manage.py", "ops")
    lines = re.findall(r"(?m)^python manage.py ops (.+)$", text_of(school))
    assert len(lines) > 40
    for line in lines:
        try:
            parser.parse_args([PLACES.get(word, word) for word in shlex.split(line)])
        except (SystemExit, CommandError) as error:
            pytest.fail(f"ops {line}: {error}")


def test_a_container_comes_back_by_hand_from_paper_alone() -> None:
    school = make_environment(runtime="docker", volume="sms_data", data_path="", env_file="/srv/sms/.env")
    typed = part(text_of(school), "4.1")
    assert "docker stop -t 15 sms-app" in typed
    assert "docker run -d --name sms-app" in typed
    assert "-v sms_data:/data --env-file /srv/sms/.env" in typed
    assert "sms-fullstack:VERSION" in typed


def test_a_native_sms_comes_back_by_hand_from_paper_alone() -> None:
    school = make_environment()
    typed = part(text_of(school), "4.1")
    assert f"instances/{school.name}/sms-app/state.json" in typed
    assert f"DATABASE_URL=sqlite:///{school.data_path}/student_management.db" in typed


def test_the_data_comes_back_by_hand_from_the_vault_alone(settings: object) -> None:
    school = a_known_school()
    typed = part(text_of(school), "4.2")
    vault = str(settings.SMSOPS_VAULT_DIR)  # type: ignore[attr-defined]
    assert f"docs/restore_without_smsops.py restore {vault}/{school.name}" in typed
    assert "-wal" in typed


def test_no_secret_of_the_environment_is_in_it() -> None:
    school = make_environment(
        database_engine="postgresql", database_url=f"postgresql://sms:{CANARY}@db.example:5432/sms",
        smoke_email="smoke@school.example", smoke_password=CANARY,
    )  # fmt: skip
    text = text_of(school)
    assert CANARY not in text
    assert "psql -h db.example -p 5432 -U sms -d sms -c" in text


def test_a_note_is_a_quotation_and_cannot_pass_for_a_heading() -> None:
    school = make_environment()
    notes.write(Place(school, "4.1"), "# 12. Lies\n\nCall the head.\n```", 0, make_user())
    text = part(text_of(school), "4.1")
    assert "> # 12. Lies" in text
    assert "> Call the head." in text


def test_a_name_with_strange_signs_neither_ends_a_fence_nor_runs_anything() -> None:
    school = make_environment(env_file="/srv/```/$(touch x).env")
    typed = part(text_of(school), "5.3.4")
    assert "````sh\n" in typed
    assert "'/srv/```/$(touch x).env'" in typed


def test_the_button_and_the_command_give_the_same_text(ops: Terminal, tmp_path: Path) -> None:
    school = make_environment()
    page = Browser(make_admin()).get(address(school), **{"as": "md"})
    assert f'filename="runbook-{school.name}.md"' in page.response.headers["Content-Disposition"]
    ops("runbook", "export", school.name, tmp_path / "runbook.md")
    same = [re.sub(r"(?m)^- \*\*Printed.*$", "", each) for each in (page.html, (tmp_path / "runbook.md").read_text())]
    assert same[0] == same[1]


def test_a_private_incident_is_on_no_paper(ops: Terminal) -> None:
    school = make_environment()
    make_incident(school, title="Somebody sold the keys", private=True)
    done = ops("runbook", "export", school.name)
    assert "Live incidents" in done.out
    assert "Somebody sold the keys" not in done.out


def test_a_place_that_cannot_be_written_is_said_in_a_sentence(ops: Terminal) -> None:
    school = make_environment()
    done = ops("runbook", "export", school.name, "/nowhere/runbook.md")
    assert (done.code, done.err) == (2, "/nowhere/runbook.md cannot be written: No such file or directory.\n")


def test_the_general_one_needs_no_environment(ops: Terminal) -> None:
    done = ops("runbook", "export")
    assert "# Runbook\n" in done.out
    assert "SMS is unavailable" in done.out
