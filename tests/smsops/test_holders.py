"""Whether the holder of a lease is certainly dead."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from smsops.models import Lease
from smsops.runs import holders
from tests.smsops.crowd import forked


def _changed(**parts: str) -> str:
    names = ("host", "namespace", "pid", "start", "claim")
    return "|".join((dict(zip(names, holders.me().split("|"), strict=True)) | parts).values())


def test_we_ourselves_are_not_gone() -> None:
    assert not holders.gone(holders.me())


def test_two_claims_of_one_process_have_different_names() -> None:
    assert holders.me() != holders.me()


def test_the_name_fits_into_its_column() -> None:
    assert len(holders.me()) <= (Lease._meta.get_field("holder").max_length or 0)


def test_a_process_that_ended_is_gone(tmp_path: Path) -> None:
    name = tmp_path / "name"
    forked(1, lambda: name.write_text(holders.me()))
    assert holders.gone(name.read_text())


def test_a_corpse_nobody_buried_is_gone(tmp_path: Path) -> None:
    name = tmp_path / "name"
    pid = os.fork()
    if pid == 0:
        try:
            name.write_text(holders.me())
        finally:
            os._exit(0)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert holders.gone(name.read_text())
    os.waitpid(pid, 0)


def test_a_number_given_to_another_process_is_told_apart() -> None:
    assert holders.gone(_changed(start="1"))


@pytest.mark.parametrize("elsewhere", ["", "12345678.4026531836"])
def test_a_process_of_another_machine_cannot_be_judged(elsewhere: str) -> None:
    assert not holders.gone(_changed(namespace=elsewhere, start="1"))


@pytest.mark.parametrize("holder", ["", "somebody", "a|b|c"])
def test_a_name_of_another_form_cannot_be_judged(holder: str) -> None:
    assert not holders.gone(holder)
