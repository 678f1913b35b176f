"""What the way back of a migration does, read from its source."""

from __future__ import annotations

import ast
from textwrap import dedent, indent

import pytest

from deployments.sources.downgrades import UNKNOWN, Downgrade, read


def way_back(body: str, *, up: str = "op.create_table('x')", top: str = "") -> Downgrade:
    return read(
        ast.parse(f"{dedent(top)}\ndef upgrade():\n    {up}\n\ndef downgrade():\n{indent(dedent(body), '    ')}")
    )


def test_a_table_and_a_column_that_go_are_named() -> None:
    found = way_back("op.drop_table('announcements')\nop.drop_column('students', 'phone')")
    assert found == Downgrade(True, ("announcements", "students.phone"))


def test_an_index_that_goes_takes_nothing_with_it() -> None:
    assert way_back("op.drop_index('ix_grades', 'grades')") == Downgrade(True)


def test_columns_of_a_batch_belong_to_its_table() -> None:
    body = "with op.batch_alter_table('grades') as batch_op:\n    batch_op.drop_column('weight')\n"
    assert way_back(body).drops == ("grades.weight",)


def test_names_may_be_said_by_name() -> None:
    assert way_back("op.drop_column(column_name='b', table_name='a')").drops == ("a.b",)


def test_a_loop_over_a_list_at_the_top_is_followed() -> None:
    found = way_back("for table in TABLES:\n    op.drop_column(table, 'deleted_at')", top="TABLES = ('a', 'b')")
    assert found.drops == ("a.deleted_at", "b.deleted_at")


def test_a_loop_over_a_list_written_there_is_followed() -> None:
    assert way_back("for name in ['a', 'b']:\n    op.drop_table(name)").drops == ("a", "b")


def test_inside_a_condition_counts() -> None:
    assert way_back("if True:\n    op.drop_table('a')\nelse:\n    op.drop_table('b')").drops == ("a", "b")


def test_a_name_that_is_computed_is_told_as_unknown() -> None:
    assert way_back("op.drop_column(prefix + 'students', 'phone')").drops == (f"{UNKNOWN}.phone",)


def test_statements_of_its_own_are_told() -> None:
    assert way_back("op.execute('DELETE FROM grades')") == Downgrade(True, (), True)


@pytest.mark.parametrize("body", ["pass", "...", "'''Nothing to undo.'''", "raise NotImplementedError('no way')"])
def test_a_way_back_that_does_nothing_for_a_change_is_none(body: str) -> None:
    assert not way_back(body).there


def test_where_nothing_was_changed_nothing_has_to_be_taken_back() -> None:
    assert way_back("pass", up="pass") == Downgrade(True)


def test_without_the_function_there_is_no_way_back() -> None:
    assert read(ast.parse("def upgrade():\n    op.create_table('x')\n")) == Downgrade()
