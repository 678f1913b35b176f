"""What the handbook says is so: settings, sentences, names, and pages where people look for them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.handbook.pages import DOCS, PAGES, READ, ROOT, blocks
from tests.source import MODULES

NAV = yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]
TEXT = "\n".join(module.text for module in MODULES)
SAID = re.sub(r'"\s*\n\s*f?"', "", TEXT)  # sentences that go on in the next line of the source
SAID += "\n".join(path.read_text() for path in (ROOT / "templates").rglob("*.html"))
NAMED = set(re.findall(r"SMSOPS_[A-Z_]+", (ROOT / "smsops" / "settings.py").read_text()))
NAMED |= set(re.findall(r"SMSOPS_[A-Z_]+", (ROOT / "docker-compose.yml").read_text()))
NAMED |= {f"SMSOPS_DOOR_{name}" for name in ("LISTEN", "WINDOW", "ENGINE", "RULES")}
ELSEWHERE = {"github.com", "h11.readthedocs.io", "www.standardwebhooks.com"}  # where further reading is
# This machine, and what the engine calls the host.
OURS = r"localhost|127\.0\.0\.1|172\.17\.0\.1|docker\.sock|host\.docker\.internal"
EXAMPLE = re.compile(rf"(?:^|\.)(?:example|example\.org|example\.com)$|^(?:{OURS})$")
HOST = re.compile(r"[a-z]+://(?:[^\s/@`\"')]*@)?([\w.-]+)")
INSIDE = {"db", "redis"}  # services of the compose file


def pages_of(nav: list[dict[str, object]]) -> list[str]:
    found: list[str] = []
    for entry in nav:
        for where in entry.values():
            found += pages_of(where) if isinstance(where, list) else [str(where)]
    return found


def test_every_page_is_where_people_look_for_it_once() -> None:
    assert sorted(pages_of(NAV)) == [page.name for page in PAGES]


def test_every_setting_that_is_told_exists() -> None:
    told = {name for page in READ for name in re.findall(r"\bSMSOPS_[A-Z_]+[A-Z]\b", page.read_text())}
    allowed = NAMED | {f"{name}_FILE" for name in NAMED} | {"SMSOPS_TESTS_TRIALS"}
    assert len(told) > 40
    assert told - allowed == set()


@pytest.mark.parametrize("page", READ, ids=lambda page: str(page.name))
def test_no_host_is_named_but_examples(page: Path) -> None:
    found = set(HOST.findall(page.read_text()))
    strange = {host for host in found if not EXAMPLE.search(host.strip(".")) and host not in ELSEWHERE | INSIDE}
    assert not {host for host in strange if "." in host}


def sentences() -> list[str]:
    """The sentences smsops is said to say: the first column of the tables of “smsops says”."""
    tables = (DOCS / "troubleshooting.md").read_text().split("| smsops says | do |")[1:]
    rows = [row for table in tables for row in table.split("\n\n")[0].splitlines() if row.startswith("| *")]
    return [row.split(" | ")[0].removeprefix("| ").strip("*") for row in rows]


def test_sentences_were_found() -> None:
    assert len(sentences()) > 30


@pytest.mark.parametrize("sentence", sentences())
def test_a_sentence_is_one_that_smsops_says(sentence: str) -> None:
    parts = [part.strip() for part in sentence.split("…")]
    assert not [part for part in parts if len(part) > 3 and part not in SAID]


def test_where_smsops_is_silent_would_be_seen() -> None:
    assert "The Docker Engine does not answer." in SAID
    assert "The Docker Engine does not reply." not in SAID


def test_what_is_to_be_pasted_is_well_formed() -> None:
    """YAML of examples can be read."""
    for page in READ:
        for block in blocks(page.read_text(), "yaml"):
            assert yaml.safe_load(block) is not None, page.name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.name))
def test_every_button_that_is_told_exists(page: Path) -> None:
    buttons = re.findall(r"(?<![*…\w])\*([A-Z][^*|…\n]{2,40}[a-zY]…)\*", page.read_text())
    assert not [button for button in buttons if f'"{button}"' not in TEXT]
