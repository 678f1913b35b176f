"""Every command the handbook quotes is understood by the program it is for."""

from __future__ import annotations

import argparse
import contextlib
import functools
import io
import re
from itertools import product

import pytest
import yaml
from django.core.management.base import CommandParser

from incidents.commands.incident import ACTS
from smsops.management.commands.ops import Command
from smsops.ops.registry import VERBS
from tests.handbook.pages import DOCS, ROOT, Quoted, commands

GENERAL = {"…", "VERB"}  # any verb
OPS = [each for each in commands(r"(?:python )?manage\.py ops|^ops") if each.words[0] not in GENERAL]
COMPOSE = commands("docker[- ]compose")
SERVICES = set(yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"])
PLACES = {
    "N": "7", "NUMBER": "7", "RUN": "7", "A": "3", "B": "7", "LEVEL": "high", "ROLE": "commander", "CLOCK": "detected",
    "HOURS": "2", "MB": "8192", "WAY": "code",
}  # fmt: skip
KINDS = {"fact": "exposure", "report": "security"}  # what KIND stands for
ALL = {"up", "build", "ps", "down", "logs", "pull"}  # of these no service has to be named
VALUED = {"-s", "--signal", "--tail", "-u", "--user", "-e", "-f", "-v", "--volume"}  # options with a value of their own


def readings(words: tuple[str, ...]) -> list[list[str]]:
    """What a person may make of it: with and without what is in brackets, “…” left out or something of theirs."""
    text = "\0".join(words)
    kind = next((KINDS[word] for word in words if word in KINDS), "KIND")
    found = []
    for brackets, dots in product((r"\[[^\]]*\]", r"[\[\]]"), (None, "x")):
        plain = [word for word in re.sub(brackets, "", text).split("\0") if word]
        kept = [dots if word == "…" else word for word in plain if dots or word != "…"]
        found.append([{**PLACES, "KIND": kind}.get(word, word) for word in kept if word])
    return found


@functools.cache
def parser() -> CommandParser:
    return Command().create_parser("manage.py", "ops")


def understood(words: list[str]) -> bool:
    """Whether the program's own parser takes it."""
    with contextlib.redirect_stderr(io.StringIO()):
        try:
            parser().parse_args(words)
        except (Exception, SystemExit):
            return False
    return True


def parser_of(verb: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    VERBS[verb].arguments(parser)
    parser.add_argument("--json")
    return parser


def spoken_of(words: tuple[str, ...]) -> bool:
    """Whether it is no command to be typed: a verb alone, with one act of its own, or with “…” for the rest."""
    acts = {act for each in parser_of(words[0])._actions for act in each.choices or ()} | set(ACTS)
    return len(words) == 1 or words[1] == "…" or (len(words) == 2 and words[1] in acts)


def partly(words: tuple[str, ...]) -> bool:
    """Whether the options of a command that is only spoken of are its verb's own."""
    known = parser_of(words[0])._option_string_actions
    return all(word.strip("[]") in known for word in words if word.strip("[]").startswith("--"))


def test_commands_were_found() -> None:
    assert len(OPS) > 150
    assert len(COMPOSE) > 10


@pytest.mark.parametrize("quoted", OPS, ids=str)
def test_an_ops_command_is_understood(quoted: Quoted) -> None:
    assert quoted.words[0] in VERBS
    if spoken_of(quoted.words):
        assert partly(quoted.words)
    else:
        assert any(understood(words) for words in readings(quoted.words))


def test_a_command_that_is_wrong_would_be_seen() -> None:
    wrong = ["deploy", "school"], ["backup", "school", "--now"], ["vault", "open", "school"], ["incident", "end", "7"]
    assert not [words for words in wrong if understood(words)]
    assert not partly(("deploy", "…", "--loudly"))


def test_every_verb_has_its_line_and_no_other() -> None:
    told = re.findall(r"^\| `([a-z-]+)` \|", (DOCS / "verbs.md").read_text(), re.MULTILINE)
    assert sorted(told) == sorted(VERBS)


def services(words: tuple[str, ...]) -> list[str]:
    """The services a compose command is about."""
    action, *rest = words
    plain = [
        word for at, word in enumerate(rest) if not word.startswith("-") and (rest[at - 1] not in VALUED or not at)
    ]
    return plain[:1] if action in ("exec", "run") else plain


@pytest.mark.parametrize("quoted", COMPOSE, ids=str)
def test_a_compose_command_is_about_services_that_exist(quoted: Quoted) -> None:
    found = services(quoted.words)
    assert found or quoted.words[0] in ALL
    assert not set(found) - SERVICES


def test_a_service_that_is_not_there_would_be_seen() -> None:
    assert services(("exec", "-T", "wrk", "python")) == ["wrk"]
    assert services(("kill", "-s", "HUP", "engine-door")) == ["engine-door"]
