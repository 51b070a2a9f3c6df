"""Parquet: types survive, and texts that are none are named by their rows."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from service.files.errors import FileError
from service.files.formats import Format, open_rows
from service.files.parquet import ParquetTable
from tests.service.files.sources import rows_of

arrow = pytest.importorskip("pyarrow", reason="the extra for Parquet is not installed")
parquet: Any = pytest.importorskip("pyarrow.parquet")

ANSWERS = [("label", str), ("score", float)]


def table(rows: int) -> Any:
    """Texts beside columns that no other format would keep."""
    return arrow.table(
        {
            "when": arrow.array(
                [datetime(2025, 1, 2, 3, 4, 5, n, tzinfo=UTC) for n in range(rows)],
                arrow.timestamp("ns", "UTC"),
            ),
            "text": [f"text {n}" for n in range(rows)],
            "tags": [["a", "b"][: n % 3] for n in range(rows)],
            "n": arrow.array(range(rows), arrow.uint8()),
        },
        metadata={"made by": "a test"},
    )


def test_columns_keep_their_types(tmp_path: Path) -> None:
    source = table(200)
    parquet.write_table(source, tmp_path / "in.parquet")
    rows = open_rows(str(tmp_path / "in.parquet"), Format.PARQUET, Format.PARQUET)
    output = ParquetTable(tmp_path / "out.parquet", rows, ANSWERS)
    found = list(rows)
    output.write(found[:3], [("x", 0.5)] * 3)
    output.write([], [])
    output.write([found[5], found[150]], [("y", 0.25), None])
    output.close()
    rows.source.close()
    written = parquet.read_table(tmp_path / "out.parquet")
    assert written.select(source.column_names).equals(source.take([0, 1, 2, 5, 150]))
    assert written["label"].to_pylist() == ["x", "x", "x", "y", None]
    assert written["score"].to_pylist() == [0.5, 0.5, 0.5, 0.25, None]
    assert written.schema.metadata[b"made by"] == b"a test"
    assert [row.text for row in found] == source["text"].to_pylist()


def test_rows_of_other_formats_become_texts(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "a", "n": 1}\n{"text": "b"}\n', encoding="utf-8")
    rows = open_rows(str(tmp_path / "in.jsonl"), Format.JSONL, Format.PARQUET)
    output = ParquetTable(tmp_path / "out.parquet", rows, ANSWERS)
    output.write(list(rows), [("x", 0.5), ("y", 0.5)])
    output.close()
    rows.source.close()
    written = parquet.read_table(tmp_path / "out.parquet").to_pylist()
    assert written[0] == {"text": "a", "n": "1", "label": "x", "score": 0.5}
    assert written[1]["n"] is None


def test_an_output_without_rows_can_be_read(tmp_path: Path) -> None:
    parquet.write_table(table(0), tmp_path / "in.parquet")
    rows = open_rows(str(tmp_path / "in.parquet"), Format.PARQUET, Format.PARQUET)
    assert list(rows) == []
    output = ParquetTable(tmp_path / "out.parquet", rows, ANSWERS)
    output.close()
    rows.source.close()
    written = parquet.read_table(tmp_path / "out.parquet")
    assert (written.num_rows, written.column_names[-2:]) == (0, ["label", "score"])


def test_texts_that_are_none_are_named_by_their_rows(tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    parquet.write_table(arrow.table({"text": ["a", None, "c"]}), path)
    rows = rows_of(path, path.read_bytes())
    assert [(row.place, row.problem) for row in rows] == [
        ("row 1", ""),
        ("row 2", '"text" is null; expected a text'),
        ("row 3", ""),
    ]


def test_what_is_no_parquet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be read as Parquet"):
        rows_of(tmp_path / "in.parquet", b"text\nhello\n")
    with pytest.raises(FileError, match="cannot be read as Parquet"):
        open_rows(str(tmp_path / "none.parquet"), Format.PARQUET, Format.CSV)
    twice = arrow.table([arrow.array(["x"])] * 2, names=["text", "text"])
    parquet.write_table(twice, tmp_path / "twice.parquet")
    with pytest.raises(FileError, match='2 columns called "text"'):
        open_rows(str(tmp_path / "twice.parquet"), Format.PARQUET, Format.CSV)
    parquet.write_table(arrow.table({"a": ["x"], "b": ["y"]}), tmp_path / "two.parquet")
    with pytest.raises(FileError, match="--column"):
        open_rows(str(tmp_path / "two.parquet"), Format.PARQUET, Format.CSV)
