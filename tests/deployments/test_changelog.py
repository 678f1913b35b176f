"""A release's section in a CHANGELOG, with the oddities of sms-contract §9."""

from __future__ import annotations

import time
from datetime import date

import pytest

from deployments.sources import changelog

PLAIN = """# Changelog

## [Unreleased]

- Something.

## [1.18.51] - 2026-10-06

### Features

- Guardians.

## [1.18.5] - 2026-02-01

- An older one.
"""


def section(text: str, version: str) -> changelog.Section:
    found = changelog.section(text, version)
    assert found is not None
    return found


def test_a_section_ends_where_the_next_version_begins() -> None:
    assert section(PLAIN, "1.18.51").text == "### Features\n\n- Guardians."
    assert section(PLAIN, "1.18.5").text == "- An older one."


def test_a_version_is_not_taken_for_one_it_begins_with() -> None:
    assert changelog.section(PLAIN, "1.18") is None
    assert section(PLAIN, "1.18.5").released_on == date(2026, 2, 1)


@pytest.mark.parametrize("version", ["1.18.50", "2.0.0", "nonsense"])
def test_a_version_without_a_section_has_none(version: str) -> None:
    assert changelog.section(PLAIN, version) is None
    assert changelog.section("", version) is None


def test_the_v_of_a_tag_is_not_needed() -> None:
    assert section(PLAIN, "v1.18.51") == section(PLAIN, "1.18.51")


@pytest.mark.parametrize(
    ("heading", "when"),
    [
        ("## [1.2.3] - 2026-10-06", date(2026, 10, 6)),
        ("## [v1.2.3] \u2013 2026-10-06", date(2026, 10, 6)),
        ("## 1.2.3 — 2026-10-06", date(2026, 10, 6)),
        ("## v1.2.3 -2026-10-06", date(2026, 10, 6)),
        ("## [1.2.3]", None),
        ("## [1.2.3] - soon", None),
        ("## [1.2.3] - 2026-13-45", None),
        ("## [1.2.3] (2026-10-06)", None),
    ],
)
def test_the_date_is_read_where_there_is_one(heading: str, when: date | None) -> None:
    found = section(f"{heading}\n\n- A line.\n", "1.2.3")
    assert found.released_on == when
    assert "- A line." in found.text


def test_of_two_sections_the_first_is_taken_and_both_are_counted() -> None:
    text = "## [1.9.8] - 2026-02-02\n- New.\n## [1.9.9]\n- Other.\n## [1.9.8] - 2025-12-01\n- Old.\n"
    found = section(text, "1.9.8")
    assert (found.text, found.released_on, found.headings) == ("- New.", date(2026, 2, 2), 2)
    assert section(text, "1.9.9").headings == 1


@pytest.mark.parametrize("none", ["- None - fully backward compatible with 1.18.0.", "None.", "* none", "**None**", ""])
def test_a_section_about_breaking_changes_that_names_none_is_none(none: str) -> None:
    assert changelog.breaking_changes(f"### ⚠️ BREAKING CHANGES\n\n{none}\n\n### Features\n\n- New.\n") == ""


def test_breaking_changes_are_given_as_they_stand() -> None:
    text = (
        "### Features\n\n- New.\n\n### ⚠️ BREAKING CHANGES\n\n- The schema moves.\n- Tokens end.\n\n### Fixed\n\n- It.\n"
    )
    assert changelog.breaking_changes(text) == "- The schema moves.\n- Tokens end."


def test_breaking_changes_at_the_end_of_a_section_are_whole() -> None:
    assert (
        changelog.breaking_changes("### Breaking\n\n- The schema moves.\n  To e82b.")
        == "- The schema moves.\n  To e82b."
    )


def test_without_a_section_about_them_nothing_breaks() -> None:
    assert changelog.breaking_changes("### Features\n\n- Breaking news on the front page.\n") == ""


def test_windows_line_ends_are_read_too() -> None:
    found = section(PLAIN.replace("\n", "\r\n"), "1.18.51")
    assert found.released_on == date(2026, 10, 6)
    assert "Guardians" in found.text


def test_three_hundred_kilobytes_are_read_at_once() -> None:
    one = "## [1.{0}.{1}] - 2026-01-01\n\n### Fixed\n\n" + "- A line about it, as long as they are.\n" * 20 + "\n"
    text = "# Changelog\n\n" + "".join(one.format(i // 20, i % 20) for i in range(370))
    assert len(text) > 300_000
    began = time.thread_time()
    assert section(text, "1.0.0").headings == 1
    assert time.thread_time() - began < 0.5


def test_a_file_of_nothing_but_blanks_takes_no_time() -> None:
    began = time.thread_time()
    assert changelog.section("## " + " \n" * 20_000 + "## [1.2.3" + " " * 20_000, "1.2.3") is not None
    assert time.thread_time() - began < 1


def test_breaking_changes_that_begin_with_the_word_none_are_breaking() -> None:
    text = "### ⚠️ BREAKING CHANGES\n\n- None of the old tokens are accepted any more.\n"
    assert "old tokens" in changelog.breaking_changes(text)


def test_a_second_list_of_breaking_changes_is_not_lost() -> None:
    text = "### Breaking changes\n\n- None.\n\n### Breaking API changes\n\n- The old tokens end.\n"
    assert "old tokens" in changelog.breaking_changes(text)


def test_a_bullet_below_a_heading_is_not_its_date() -> None:
    found = changelog.section("## [1.18.0]\n\n- 2026-10-06 is the last day of the old tokens.\n", "1.18.0")
    assert found is not None
    assert found.released_on is None
    assert found.text.startswith("- 2026-10-06")


def test_a_release_candidate_is_not_a_second_section_of_its_release() -> None:
    found = changelog.section("## [1.18.0-rc.1] - 2026-09-01\n- Try it.\n## [1.18.0] - 2026-10-06\n- Go.\n", "1.18.0")
    assert found is not None
    assert (found.text, found.headings) == ("- Go.", 1)


def test_lines_that_end_as_windows_ends_them_read_the_same() -> None:
    text = PLAIN + "## [1.2.3] - 2026-01-02\n\n### ⚠️ BREAKING CHANGES\n\nNone\n\nSee below.\n"
    windows = text.replace("\n", "\r\n")
    assert changelog.sections(windows) == changelog.sections(text)
    assert section(windows, "1.2.3").breaking == ""


def test_a_heading_with_a_mangled_version_ends_the_section_before_and_is_nobodys() -> None:
    text = "## [1.2.0]\n\n- Mine.\n\n## [$11.11.1] - 2025-12-12\n\n- Not mine.\n"
    assert section(text, "1.2.0").text == "- Mine."
    assert set(changelog.sections(text)) == {(1, 2, 0, 0)}


def test_a_version_with_four_parts_has_its_own_section() -> None:
    text = "## [1.8.6.2]\n\n- Four.\n\n## [1.8.6]\n\n- Three.\n"
    assert (section(text, "1.8.6.2").text, section(text, "1.8.6").text) == ("- Four.", "- Three.")
