"""The env file SMS is started with, by the rules of `docker run --env-file`."""

from __future__ import annotations

from pathlib import Path

import pytest

from smsops import envfile
from smsops.errors import OpsError

TAKEN = [
    ("A=1", {"A": "1"}),
    ("A=", {"A": ""}),
    ("A=b=c==", {"A": "b=c=="}),
    ("A=two words # no comment", {"A": "two words # no comment"}),
    ("A=\"quoted\"\nB='so too'", {"A": '"quoted"', "B": "'so too'"}),
    ("A=ends with a blank ", {"A": "ends with a blank "}),
    ("  A=1", {"A": "1"}),
    ("A=1\nA=2", {"A": "2"}),
    ("A=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
    ("\n# A=1\n   # B=2\n\nC=3\n", {"C": "3"}),
    ("_x.y9=1", {"_x.y9": "1"}),
    ("", {}),
]
REFUSED = ["SECRET", "=canary-value", "9A=canary-value", "MY SECRET=canary-value", "export A=canary-value", "A-B=c"]


@pytest.mark.parametrize(("text", "variables"), TAKEN)
def test_a_line_is_a_name_and_a_value_taken_as_it_stands(text: str, variables: dict[str, str]) -> None:
    assert envfile.parse(text) == variables


@pytest.mark.parametrize("line", REFUSED)
def test_a_line_that_is_neither_is_refused_by_number_and_never_shown(line: str) -> None:
    with pytest.raises(OpsError) as refused:
        envfile.parse(f"# a comment\n\nA=1\n{line}\nB=2\n")
    assert "Line 4" in str(refused.value)
    assert line not in str(refused.value)
    assert "canary" not in str(refused.value)


def test_a_file_is_read_as_utf8(tmp_path: Path) -> None:
    (tmp_path / "sms.env").write_bytes("SCHOOL=Γυμνάσιο\n".encode())
    assert envfile.read(str(tmp_path / "sms.env")) == {"SCHOOL": "Γυμνάσιο"}


def test_no_path_means_no_variables() -> None:
    assert envfile.read("") == {}


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(OpsError, match=r"gone\.env cannot be read: No such file"):
        envfile.read(str(tmp_path / "gone.env"))


def test_a_file_that_is_no_text_is_refused_without_its_content(tmp_path: Path) -> None:
    (tmp_path / "sms.env").write_bytes(b"SECRET=canary\xff\xfe")
    with pytest.raises(OpsError, match="it is not UTF-8 text") as refused:
        envfile.read(str(tmp_path / "sms.env"))
    assert "canary" not in str(refused.value)


def test_a_byte_order_mark_is_passed_over_as_docker_does(tmp_path: Path) -> None:
    (tmp_path / "sms.env").write_bytes(b"\xef\xbb\xbfSECRET_KEY=x\r\nA=1\r\n")
    assert envfile.read(str(tmp_path / "sms.env")) == {"SECRET_KEY": "x", "A": "1"}
