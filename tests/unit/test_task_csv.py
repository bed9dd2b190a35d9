"""The CSV of tasks, as Kazoo's tasks application reads it (kz_csv, kz_tasks)."""

from __future__ import annotations

import pytest

from kazoo_sup.kazoo.tasks import task_csv
from kazoo_sup.kazoo.tasks.task_csv import BadCsv

ACTION = {"expected_content": "text/csv", "mandatory": ["number"], "optional": ["force"]}


class TestCells:
    @pytest.mark.parametrize(
        ("line", "cells"),
        [
            ("a,b", ["a", "b"]),
            ("a", ["a"]),
            (",", [None, None]),
            ('"",', ["", None]),
            ('"a,b",c', ["a,b", "c"]),
            ('"say ""hi""",c', ['say "hi"', "c"]),
            ('lost"kept"lost,c', ["kept", "c"]),
            ('"never closed, ever', ["never closed, ever"]),
            ("a,", ["a", None]),
        ],
    )
    def test_quotes_commas_and_empty_cells(self, line, cells):
        assert task_csv.cells(line) == cells

    @pytest.mark.parametrize("row", [["a", None, ""], ['"', ","], ["\u00e9"]])
    def test_a_row_written_is_the_row_read(self, row):
        assert task_csv.cells(task_csv.line_of(row).rstrip("\n")) == row


class TestReading:
    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_every_line_end_ends_a_line(self, end):
        assert task_csv.read(end.join(["a,b", "1,2", "3,4", ""]).encode(), "f") == (
            ["a", "b"],
            [["1", "2"], ["3", "4"]],
        )

    def test_empty_lines_at_the_end_do_no_harm(self):
        assert task_csv.read(b"a\n1\n\n\n", "f") == (["a"], [["1"]])

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", "no rows"),
            (b"a,b\n", "no rows"),
            (b"a,\n1,2\n", "no name"),
            (b"a,b\n1,2\n1,2,3\n", "line 3 has 3 cells"),
            (b"a\n1\n\n2\n", "1 lines follow an empty one"),
            (b"a\n\xff\n", "not UTF-8"),
            (b"\xef\xbb\xbfa\n1\n", "byte order mark"),
            ("a\n1\n".encode("utf-16"), "UTF-16"),
            (b"a;b\n1;2\n", "semicolons"),
            (b"a,b,a\n1,2,3\n", "'a' occurs twice"),
            (b"prefix,rate_cost\n1.4155E+10,1.5E-3\n", "line 2: prefix is '1.4155E.10': .*scientific"),
        ],
    )
    def test_what_kazoo_would_read_otherwise_is_refused(self, content, reason):
        with pytest.raises(BadCsv, match=reason):
            task_csv.read(content, "numbers.csv")


class TestErrors:
    def test_input_in_order_has_none(self):
        assert task_csv.errors(ACTION, ["number", "other"], [["+1", None]]) == {}

    def test_a_column_that_must_be_there(self):
        assert task_csv.errors(ACTION, ["force"], [["true"]]) == {"missing_mandatory_fields": ["number"]}

    def test_a_cell_that_must_not_be_empty(self):
        rows = [["+1", "a"], [None, "b"], ["", "c"]]
        assert task_csv.errors(ACTION, ["number", "force"], rows) == {"missing_mandatory_values": [',"b"\n']}

    @pytest.mark.parametrize(
        ("action", "header", "expected"), [(ACTION, None, "text/csv"), ({}, ["number"], "none"), ({}, None, None)]
    )
    def test_csv_where_none_is_taken_and_none_where_it_is(self, action, header, expected):
        assert task_csv.errors(action, header).get("expected_content") == expected
