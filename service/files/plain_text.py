"""Plain text: a line is a row, and a row of answers is a line with tabs between them."""

from collections.abc import Iterator, Sequence

from service.files.lines import Lines
from service.files.rows import TEXT_COLUMN, Row, Rows, as_cell


def read_text(lines: Lines) -> Rows:
    """The rows of a text."""
    return Rows(lines, (TEXT_COLUMN,), _rows(lines))


def _rows(lines: Lines) -> Iterator[Row]:
    for line in lines:
        place, text = f"line {lines.number}", line.removesuffix("\r")
        if lines.problem:
            yield Row(place, problem=lines.problem)
            lines.problem = ""
        else:
            yield Row(place, text, {TEXT_COLUMN: text})


class TextEncoder:
    """The answers alone, line by line beside the input's lines."""

    def header(self) -> bytes:
        """Nothing stands before the first row."""
        return b""

    def encode(self, row: Row, answers: Sequence[object] | None) -> bytes:
        """The line of a row; an empty one where it has no answers."""
        return plain_line([] if answers is None else answers)


def plain_line(fields: Sequence[object]) -> bytes:
    """Fields as a line, with tabs between them; white space inside that would break it is lost."""
    shown = (" ".join(_cut(as_cell(value))) for value in fields)
    return ("\t".join(shown) + "\n").encode("utf-8", "replace")


def _cut(text: str) -> list[str]:
    if "\n" in text or "\r" in text or "\t" in text:
        return text.replace("\t", "\n").splitlines()
    return [text]
