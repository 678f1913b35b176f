"""Version numbers in the odd forms of sms-contract §9, compared as numbers."""

from __future__ import annotations

import pytest

from deployments import versions


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1.18.3", (1, 18, 3, 0)),
        ("v1.18.3", (1, 18, 3, 0)),
        ("v1.18.25\n", (1, 18, 25, 0)),
        ("1.8.6.2\n\n", (1, 8, 6, 2)),
        ("  1.9.8\r\n", (1, 9, 8, 0)),
        ("1.9", (1, 9, 0, 0)),
        ("0.0.1", (0, 0, 1, 0)),
        ("1.018.3", (1, 18, 3, 0)),
    ],
)
def test_the_forms_that_occur_are_understood(text: str, numbers: tuple[int, ...]) -> None:
    assert versions.parse(text) == numbers


@pytest.mark.parametrize(
    "text",
    ["", " ", "v", "1", "$11.11.1", "1.x.y", "v1.18.3-rc.1", "1.18.3+hotfix", "latest", "1.2.3.4.5", "vv1.2.3",
     "1..2", ".1.2", "1.2.", "-1.2.3", "1.18.3 to 1.18.4", "V1.18.3", "1,18,3"],
)  # fmt: skip
def test_anything_else_is_no_version(text: str) -> None:
    assert versions.parse(text) is None


def test_a_version_without_blanks_and_v_is_the_normal_one() -> None:
    assert versions.normal(" v1.8.6.2\n\n") == "1.8.6.2"
    assert versions.normal("1.18.3") == "1.18.3"


def test_what_is_no_version_has_no_normal_form() -> None:
    with pytest.raises(ValueError, match=r"“\$11\.11\.1” is not a version number"):
        versions.normal("$11.11.1\n")


IN_ORDER = ["0.9.9", "1.0", "1.8.6", "1.8.6.2", "1.9.8", "1.18.3", "1.20.2", "1.20.9", "1.20.10", "1.100.0", "2.0.0"]


def test_versions_are_ordered_as_numbers() -> None:
    assert sorted(IN_ORDER, key=lambda each: versions.parse(each) or ()) == IN_ORDER
    assert sorted(IN_ORDER, reverse=True) != IN_ORDER[::-1]


def test_the_key_for_the_database_orders_like_the_numbers() -> None:
    assert sorted(IN_ORDER, key=versions.sort_key) == IN_ORDER


def test_a_missing_part_counts_as_zero() -> None:
    assert versions.parse("1.9") == versions.parse("v1.9.0") == versions.parse("1.9.0.0")
    assert versions.sort_key("1.9") == versions.sort_key("1.9.0")


def test_what_is_no_version_comes_first() -> None:
    assert versions.sort_key("latest") == ""
