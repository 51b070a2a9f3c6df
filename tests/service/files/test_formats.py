"""Rows of every format, and what is written of them: exact, or refused with the line's number."""

import csv
import io
import json
import math
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.files.delimited import DelimitedEncoder
from service.files.errors import BadRow, FileError
from service.files.formats import Format, format_of, open_rows
from service.files.json_lines import JsonEncoder
from service.files.plain_text import TextEncoder
from service.files.rows import Row
from tests.service.files.sources import rows_of


def seen(rows: list[Row]) -> list[tuple[str, str, str]]:
    return [(row.place, row.text, row.problem) for row in rows]


def test_text_has_a_row_a_line(tmp_path: Path) -> None:
    rows = rows_of(
        tmp_path / "a.txt", "\ufeffgut\r\n\nb\udce4d\nende".encode(errors="surrogateescape")
    )
    assert seen(rows) == [
        ("line 1", "gut", ""),
        ("line 2", "", ""),
        ("line 3", "", "byte 2 of line 3 is not UTF-8"),
        ("line 4", "ende", ""),
    ]


def test_csv_has_quoted_fields_and_names_the_line_where_a_row_begins(tmp_path: Path) -> None:
    content = b'\xef\xbb\xbf"text",id\r\n"two\r\nlines, ""quoted""",1\r\n\r\nplain,2\r\n'
    rows = rows_of(tmp_path / "a.csv", content)
    assert seen(rows) == [("line 2", 'two\r\nlines, "quoted"', ""), ("line 5", "plain", "")]
    assert rows[0].values == {"text": 'two\r\nlines, "quoted"', "id": "1"}


def test_a_bad_row_of_csv_does_not_spoil_the_next(tmp_path: Path) -> None:
    content = b'text,id\nonly one\na,b,c\n"x"y,1\nb\xe4d,2\ngood,3\n'
    assert seen(rows_of(tmp_path / "a.csv", content)) == [
        ("line 2", "", "1 fields; expected 2, as in the first line"),
        ("line 3", "", "3 fields; expected 2, as in the first line"),
        (
            "line 4",
            "",
            "no CSV (',' expected after '\"'); expected quotes doubled inside a quoted field",
        ),
        ("line 5", "", "byte 2 of line 5 is not UTF-8"),
        ("line 6", "good", ""),
    ]


def test_a_quoted_field_that_never_ends_is_named_by_its_beginning(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"a\.csv, line 3: a quoted field begins in this row"):
        rows_of(tmp_path / "a.csv", b'text\nfine\n"never\nends\n')


def test_a_field_longer_than_the_csv_module_likes(tmp_path: Path) -> None:
    long = "word " * 60_000
    (row,) = rows_of(tmp_path / "a.csv", f"text\n{long}\n".encode())
    assert row.text == long
    assert csv.field_size_limit() == 131_072  # it is everybody's, and as it was


def test_tsv_has_no_quotes(tmp_path: Path) -> None:
    rows = rows_of(tmp_path / "a.tsv", b'id\ttext\r\n1\t"Well," she said\r\n')
    assert seen(rows) == [("line 2", '"Well," she said', "")]


def test_without_a_header_columns_are_numbered(tmp_path: Path) -> None:
    rows = rows_of(tmp_path / "a.tsv", b"7\thello\n8\tbye\n", column="2", header=False)
    assert seen(rows) == [("line 1", "hello", ""), ("line 2", "bye", "")]
    assert rows[1].values == {"1": "8", "2": "bye"}


def test_json_lines_name_what_is_no_row(tmp_path: Path) -> None:
    content = (
        b'{"text": "a", "n": 1}\n\n[1]\n{"text": null}\n{"other": "x"}\nnope\n'
        b'{"text": 12}\n{"text": "\\ud800"}\n{"text": "\\ud83d\\ude00"}\n' + b"[" * 100_000
    )
    rows = rows_of(tmp_path / "a.jsonl", content)
    assert [(row.place, row.text) for row in rows if not row.problem] == [
        ("line 1", "a"),
        ("line 7", "12"),
        ("line 9", "😀"),
    ]
    problems = [row.problem for row in rows if row.problem]
    parts = ["an empty line", "no JSON object", "null", 'no "text"; it has "other"', "no JSON ("]
    parts += ["surrogate", "no JSON ("]
    for problem, part in zip(problems, parts, strict=True):
        assert part in problem


def test_json_lines_for_a_table_need_the_fields_of_the_first(tmp_path: Path) -> None:
    content = b'{"text": "a", "n": 1}\n{"text": "b"}\n{"text": "c", "more": 1}\n'
    rows = rows_of(tmp_path / "a.jsonl", content, output=Format.CSV)
    assert [bool(row.problem) for row in rows] == [False, False, True]
    assert '"more" is no field of the first line' in rows[2].problem


@pytest.mark.parametrize(
    ("name", "content", "column", "message"),
    [
        ("a.csv", b"", None, "is empty"),
        ("a.csv", b"a,b\n", None, 'with --column; its columns are "a", "b"'),
        ("a.csv", b"a,b\n", "c", 'no column "c"; its columns are "a", "b"'),
        ("a.csv", b"a,text,a\n", None, '2 columns called "a"'),
        ("a.jsonl", b'{"a": 1, "b": 2}\n', None, 'with --column; its columns are "a", "b"'),
        ("a.txt", b"x\n", "text", "plain text has no columns"),
    ],
)
def test_a_column_that_is_not_there(
    tmp_path: Path, name: str, content: bytes, column: str | None, message: str
) -> None:
    with pytest.raises(FileError, match=message):
        rows_of(tmp_path / name, content, column=column)


def test_the_only_column_is_that_of_the_texts(tmp_path: Path) -> None:
    (row,) = rows_of(tmp_path / "a.csv", b"review\ngood\n")
    assert row.text == "good"


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be read: No such file"):
        open_rows(str(tmp_path / "none.csv"), Format.CSV, Format.CSV)
    with pytest.raises(FileError, match="cannot be read: Is a directory"):
        open_rows(str(tmp_path), Format.CSV, Format.CSV)


def test_the_format_is_what_is_said_or_what_the_suffix_means() -> None:
    assert format_of("a.CSV", None, "--format") is Format.CSV
    assert format_of("a.csv", "text", "--format") is Format.TEXT
    assert format_of("-", None, "--format") is Format.TEXT
    with pytest.raises(FileError, match=r'"a\.xls" says nothing .* say it with --format'):
        format_of("a.xls", None, "--format")


def test_json_lines_are_written_as_they_were() -> None:
    line = ' {"b":1.10, "a" : "x"}  '
    row = Row("line 1", "x", json.loads(line), original=line)
    encoder = JsonEncoder(["label", "score"])
    assert encoder.encode(row, ("gut ä", 0.5)) == (
        ' {"b":1.10, "a" : "x", "label": "gut ä", "score": 0.5}\n'.lstrip().encode()
    )
    empty = Row("line 2", "x", {}, original="{ }")
    assert json.loads(encoder.encode(empty, ("a", 1))) == {"label": "a", "score": 1}
    assert json.loads(encoder.encode(row, None))["label"] is None


def test_json_lines_hold_json_alone() -> None:
    values = {"f": math.nan, "l": [1.5, {"x": -math.inf}], "b": "ä".encode() + b"\xff"}
    line = JsonEncoder(["label"]).encode(Row("row 1", "x", values), ("good",))
    assert json.loads(line, parse_constant=pytest.fail) == {
        "f": None,
        "l": [1.5, {"x": None}],
        "b": "ä\\xff",
        "label": "good",
    }


def test_json_lines_never_have_a_field_twice() -> None:
    row = Row("line 7", "x", {"label": 1}, original='{"label": 1}')
    with pytest.raises(BadRow, match='line 7 has a field "label" already'):
        JsonEncoder(["label"]).encode(row, ("a",))


def test_text_is_the_answers_on_one_line_each() -> None:
    encoder = TextEncoder()
    assert encoder.encode(Row("line 1"), ("a\nb\tc", 0.5)) == b"a b c\t0.5\n"
    assert encoder.encode(Row("line 2"), None) == b"\n"


def test_values_of_json_in_a_table() -> None:
    encoder = DelimitedEncoder(["a", "b", "c", "d"], ["label"], tabs=False, header=True)
    assert encoder.header() == b"a,b,c,d,label\n"
    row = Row("line 1", values={"a": True, "b": None, "c": {"x": "ä"}, "d": 1.5})
    assert encoder.encode(row, ("good",)).decode() == 'true,,"{""x"": ""ä""}",1.5,good\n'


@given(
    fields=st.lists(
        st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=2)
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_csv_is_read_as_it_was_written(tmp_path: Path, fields: list[list[str]]) -> None:
    encoder = DelimitedEncoder(["text", "id"], ["label"], tabs=False, header=True)
    rows = [Row("", values=dict(zip(("text", "id"), some, strict=True))) for some in fields]
    content = encoder.header() + b"".join(encoder.encode(row, ("x",)) for row in rows)
    found = rows_of(tmp_path / "a.csv", content)
    assert [[row.values["text"], row.values["id"]] for row in found] == fields
    parsed = csv.reader(io.StringIO(content.decode(), newline=""))
    assert [row[:2] for row in parsed][1:] == fields
