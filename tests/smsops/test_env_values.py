"""Another value in an env file: nothing else in it moves by a byte."""

from __future__ import annotations

import pytest

from smsops.env_values import replaced, value_of
from smsops.errors import OpsError

NEW = "n3w-key"
CASES = {
    "a bare value": ("A=1\nSECRET_KEY=old\nB=2\n", "A=1\nSECRET_KEY={}\nB=2\n"),
    "a value with equals signs": ("SECRET_KEY=a=b==\nB=x=y\n", "SECRET_KEY={}\nB=x=y\n"),
    "quotes": ("SECRET_KEY=\"o l'd\"\n", 'SECRET_KEY="{}"\n'),
    "single quotes": ("SECRET_KEY='o\"ld' \n", "SECRET_KEY='{}' \n"),
    "a quote in the midst": ('SECRET_KEY=o"l"d\n', "SECRET_KEY={}\n"),
    "a comment behind": ("SECRET_KEY=old  # ours\n", "SECRET_KEY={}  # ours\n"),
    "quotes and a comment with quotes": ('SECRET_KEY="old" # "ours"\n', 'SECRET_KEY="{}" # "ours"\n'),
    "line ends of Windows": ("#x\r\nSECRET_KEY=old\r\nB=1\r\n", "#x\r\nSECRET_KEY={}\r\nB=1\r\n"),
    "a byte order mark": ("\ufeffSECRET_KEY=old\n", "\ufeffSECRET_KEY={}\n"),
    "no line end at the end": ("SECRET_KEY=old", "SECRET_KEY={}"),
    "an empty value": ("SECRET_KEY=\nB=1\n", "SECRET_KEY={}\nB=1\n"),
    "the key twice": ("SECRET_KEY=old\nB=1\n  SECRET_KEY=\"older\"\n", 'SECRET_KEY={}\nB=1\n  SECRET_KEY="{}"\n'),
    "names like it and comments": (
        "#SECRET_KEY=no\nMY_SECRET_KEY=mine\nSECRET_KEY_STRICT_ENFORCEMENT=1\nSECRET_KEY=old\n\n",
        "#SECRET_KEY=no\nMY_SECRET_KEY=mine\nSECRET_KEY_STRICT_ENFORCEMENT=1\nSECRET_KEY={}\n\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_only_the_value_is_another(case: str) -> None:
    before, after = CASES[case]
    found = replaced(before, "SECRET_KEY", NEW)
    assert found == after.replace("{}", NEW)
    assert value_of(found, "SECRET_KEY") == NEW


@pytest.mark.parametrize("text", ["", "A=1\n", "#SECRET_KEY=x\n", "export SECRET_KEY=x\n", "SECRET_KEY\n"])
def test_a_file_that_does_not_set_it_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(OpsError, match=r"does not set SECRET_KEY|Line 1 of the env file"):
        replaced(text, "SECRET_KEY", NEW)
