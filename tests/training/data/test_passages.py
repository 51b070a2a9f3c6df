"""A user's own text, cut into passages."""

from pathlib import Path

import pytest

from training.data.errors import DataError
from training.data.passages import read_passages, require_enough, split_passages


def test_empty_lines_stand_between_passages(tmp_path: Path) -> None:
    file = tmp_path / "book.txt"
    file.write_bytes("\ufeffOne  line,\r\nand  another.\r\n\r\n \t\r\nThe second.\n\n".encode())
    assert read_passages(file) == ["One  line, and  another.", "The second."]


def test_without_an_empty_line_each_line_is_one(tmp_path: Path) -> None:
    file = tmp_path / "titles.TXT"
    file.write_text("One.\nTwo.\nThree.\n", encoding="utf-8")
    assert read_passages(file) == ["One.", "Two.", "Three."]


def test_a_table_gives_a_passage_a_row(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text('review,stars\n"One,\ntwo.",3\nThree.,1\n', encoding="utf-8")
    assert read_passages(file, "review") == ["One, two.", "Three."]
    with pytest.raises(DataError, match='no column "text"; its columns are review, stars'):
        read_passages(file)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("book.txt", b"fine\n\xff\n", "line 2: byte 1 is not UTF-8"),
        ("book.txt", b"fine\nbad\0\n", "line 2: a NUL character; take it out"),
        ("book.pdf", b"%PDF", 'ends in ".pdf"; expected plain text'),
    ],
)
def test_what_cannot_be_read_is_named(
    name: str, content: bytes, message: str, tmp_path: Path
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_passages(file)
    with pytest.raises(DataError, match="is not there; expected plain text"):
        read_passages(tmp_path / "none.txt")


def test_too_little_text_is_refused() -> None:
    path = Path("book.txt")
    with pytest.raises(DataError, match="has 19 passages of 19,000 characters in all"):
        require_enough(path, ["x" * 1000] * 19)
    with pytest.raises(DataError, match="at least 20 passages and 2,000 characters"):
        require_enough(path, ["x"] * 1000)
    require_enough(path, ["x" * 100] * 20)


def test_parts_share_no_passage() -> None:
    passages = [f"Passage {number % 60}." for number in range(100)]
    parts = split_passages(passages, (0.8, 0.1, 0.1), 1)
    assert sorted(p for part in parts for p in part) == sorted(passages)
    assert not set(parts[0]) & (set(parts[1]) | set(parts[2]))
    assert len(parts[0]) > 70
