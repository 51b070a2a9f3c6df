"""A file of a teacher's translations: what is written is read again, a bad line is named."""

import json
from pathlib import Path

import pytest

from training.data.errors import DataError
from training.data.taught_pairs import TaughtPair, pair_line, pairs_header, read_taught_pairs

EN_DE = ("en", "de")
HEADER = pairs_header(EN_DE, [{"name": "one", "digest": "0" * 64}])
GOOD = TaughtPair("A \u201ccat\u201d.\u2028\x85\r\n", "multi30k", "Eine \u201eKatze\u201c.\t")


def written(path: Path, *lines: str) -> Path:
    path.write_text("".join(lines), encoding="utf-8", newline="")
    return path


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    silent = TaughtPair("\u200b", "tatoeba", "")
    path = written(tmp_path / "pairs.jsonl", HEADER, pair_line(GOOD), pair_line(silent))
    assert read_taught_pairs(path, EN_DE) == [GOOD, silent]


@pytest.mark.parametrize(
    "line",
    [
        {"text": "a", "source": "b"},
        {"text": "a", "source": "b", "translation": 3},
        {"text": None, "source": "b", "translation": "c"},
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: object) -> None:
    path = written(tmp_path / "pairs.jsonl", HEADER, pair_line(GOOD), json.dumps(line) + "\n")
    said = r"pairs\.jsonl, line 3: expected a text, its source and its translation"
    with pytest.raises(DataError, match=said):
        read_taught_pairs(path, EN_DE)


@pytest.mark.parametrize("header", ["", "{}\n", '{"languages": ["en"]}\n', '{"languages": 3}\n'])
def test_a_file_without_languages_is_refused(tmp_path: Path, header: str) -> None:
    path = written(tmp_path / "pairs.jsonl", header)
    with pytest.raises(DataError, match=r"line [01]: "):
        read_taught_pairs(path, EN_DE)


def test_other_languages_and_no_file_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "pairs.jsonl", HEADER)
    with pytest.raises(DataError, match="translates from en to de; expected de to en"):
        read_taught_pairs(path, ("de", "en"))
    path.write_bytes(HEADER.encode() + "café".encode("latin-1"))
    with pytest.raises(DataError, match=r"pairs\.jsonl is not UTF-8: "):
        read_taught_pairs(path, EN_DE)
    with pytest.raises(DataError, match="is not there; expected texts with a teacher's transl"):
        read_taught_pairs(tmp_path / "none.jsonl", EN_DE)
