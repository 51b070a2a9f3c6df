"""A teacher's file: what is written is read again, and a bad line is named."""

import json
from pathlib import Path

import numpy as np
import pytest

from training.data.errors import DataError
from training.data.taught import TaughtRow, header_line, in_order, read_taught, row_line

HEADER = header_line(["negative", "positive"], [{"name": "one", "digest": "0" * 64}])
GOOD = TaughtRow(
    "Good,\u2028\x85 \r\n\u201cvery\u201d\t\N{GRINNING FACE}", "imdb:unlabelled", (0.25, 0.75)
)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "taught.jsonl"
    sure = TaughtRow("sure", "sst", (1.0, 1.23456789e-20))
    path.write_text(HEADER + row_line(GOOD) + row_line(sure), encoding="utf-8")
    file = read_taught(path)
    assert file.labels == ("negative", "positive")
    assert file.rows == [GOOD, sure._replace(probabilities=(1.0, 1.23457e-20))]
    shares = in_order(file, ("positive", "negative"), path)
    assert shares.dtype == np.float32
    np.testing.assert_allclose(shares, [[0.75, 0.25], [1.23457e-20, 1.0]])


def test_no_rows_are_no_texts(tmp_path: Path) -> None:
    path = tmp_path / "taught.jsonl"
    path.write_text(HEADER, encoding="utf-8")
    assert in_order(read_taught(path), ("negative", "positive"), path).shape == (0, 2)


@pytest.mark.parametrize(
    "line",
    [
        {"text": "a", "source": "b", "probabilities": [0.5, 0.4]},
        {"text": "a", "source": "b", "probabilities": [1.5, -0.5]},
        {"text": "a", "source": "b", "probabilities": [1.0]},
        {"text": "a", "source": "b", "probabilities": ["0.5", "0.5"]},
        {"text": "a", "source": "b"},
        {"text": 3, "source": "b", "probabilities": [0.5, 0.5]},
        {"text": "a", "probabilities": [0.5, 0.5]},
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: object) -> None:
    path = tmp_path / "taught.jsonl"
    path.write_text(HEADER + row_line(GOOD) + json.dumps(line) + "\n", encoding="utf-8")
    with pytest.raises(
        DataError, match=r"taught\.jsonl, line 3: expected a text, its source and 2"
    ):
        read_taught(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "line 1: not JSON"),
        ("[1]\n", "line 1: expected a JSON object"),
        ('{"text": "a"}\n', 'line 1: expected "labels", the names of the classes'),
        (HEADER + "{\n", "line 2: not JSON"),
    ],
)
def test_what_is_no_such_file_is_named(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "taught.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=said):
        read_taught(path)


def test_other_classes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "taught.jsonl"
    with pytest.raises(DataError, match="is not there; expected texts with a teacher's probabil"):
        read_taught(path)
    path.write_text(HEADER, encoding="utf-8")
    with pytest.raises(DataError, match="has the classes negative, positive; expected bad, good"):
        in_order(read_taught(path), ("bad", "good"), path)
