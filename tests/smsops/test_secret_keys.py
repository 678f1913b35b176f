"""Keys of SMS: what makes one weak, and that a new one never is."""

from __future__ import annotations

import pytest

from smsops import secret_keys

FILLER = "kP3vQ8xW1zR6tY9uB2nM5aS7dF4gH0jL"


@pytest.mark.parametrize("word", [*secret_keys.SMS_WORDS, *secret_keys.SCRIPT_WORDS])
def test_a_key_with_a_word_that_sms_or_its_script_refuses_is_weak(word: str) -> None:
    said = secret_keys.weakness(FILLER + word.upper())
    assert said.removeprefix("it contains “").partition("”")[0] in word
    assert FILLER not in secret_keys.weakness(FILLER + word)


@pytest.mark.parametrize(("key", "why"), [("", "it is empty"), ("k" * 31, "it has 31 characters")])
def test_a_short_key_is_weak(key: str, why: str) -> None:
    assert secret_keys.weakness(key).startswith(why)
    assert secret_keys.weakness(FILLER) == ""


def test_a_random_key_that_holds_a_refused_word_is_thrown_away() -> None:
    made = iter([f"{FILLER}Change", f"example{FILLER}", FILLER, "never asked for"])
    assert secret_keys.generate(lambda: next(made)) == FILLER


def test_new_keys_are_long_strong_and_never_the_same() -> None:
    keys = {secret_keys.generate() for _ in range(200)}
    assert len(keys) == 200
    assert {len(key) for key in keys} == {64}
    assert not any(map(secret_keys.weakness, keys))
