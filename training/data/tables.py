"""Reads a user's own data: labelled texts and sentence pairs from CSV, TSV, JSONL or Parquet.

Nothing is dropped and nothing guessed: every bad row is named by file and line in one error. This
module knows nothing about public datasets or networks.
"""

import csv
import importlib
import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from training.data.errors import DataError
from training.data.examples import LabelledText, SentencePair
from training.data.splits import stratified_parts

_LISTED = 10  # bad rows that one error names
_LARGEST_FIELD = 2**31 - 1  # bytes; the csv module's default of 131,072 cuts long texts off


class Row(NamedTuple):
    """Where a row stands ("line 3", "row 3") and its wanted fields, or what is wrong with it."""

    place: str
    fields: tuple[str, ...]
    problem: str = ""


def text_lines(path: Path) -> list[str]:
    """The lines of a text file without their line ends. Raises DataError, with its bad lines."""
    content = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    lines: list[str] = []
    problems: list[Row] = []
    for number, line in enumerate(content.split(b"\n"), start=1):
        try:
            lines.append(line.decode("utf-8").removesuffix("\r"))
        except UnicodeDecodeError as error:
            problem = f"byte {error.start + 1} is not UTF-8; save the file as UTF-8"
            problems.append(Row(f"line {number}", (), problem))
    refuse(path, problems)
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def refuse(path: Path, rows: Sequence[Row]) -> None:
    """Raises DataError if there are bad rows; names up to ten."""
    bad = [row for row in rows if row.problem]
    if not bad:
        return
    count = f"{len(bad):,} bad row" + ("s" if len(bad) > 1 else "")
    listed = [f"  {row.place}: {row.problem}" for row in bad[:_LISTED]]
    if len(bad) > _LISTED:
        listed.append(f"  and {len(bad) - _LISTED:,} more")
    raise DataError("\n".join([f"{path} has {count}:", *listed]))


def _positions(path: Path, header: Sequence[str], columns: Sequence[str]) -> list[int]:
    """Where the wanted columns stand in a header."""
    for column in columns:
        found = header.count(column)
        if found != 1:
            state = "no column" if found == 0 else f"{found} columns"
            raise DataError(
                f'{path} has {state} "{column}"; its columns are '
                f"{', '.join(header) or 'none'}: name the ones to read"
            )
    return [header.index(column) for column in columns]


def _records(lines: Sequence[str], delimiter: str) -> Iterator[tuple[str, list[str], str]]:
    """(place, fields, problem) of each record of a delimited text.

    CSV has quoted fields, which may span lines. TSV has none: one line is one row.
    """
    if delimiter == "\t":
        for number, line in enumerate(lines, start=1):
            yield f"line {number}", line.split("\t"), ""
        return
    former_limit = csv.field_size_limit(_LARGEST_FIELD)
    try:
        reader = csv.reader((f"{line}\n" for line in lines), strict=True)
        while True:
            place = f"line {reader.line_num + 1}"
            try:
                yield place, next(reader), ""
            except StopIteration:
                return
            except csv.Error as error:
                yield place, [], f"{error}; expected quotes doubled inside a quoted field"
    finally:
        csv.field_size_limit(former_limit)


def _delimited_rows(path: Path, columns: Sequence[str], delimiter: str) -> Iterator[Row]:
    records = _records(text_lines(path), delimiter)
    first = next(records, None)
    if first is None:
        raise DataError(f"{path} is empty; expected a first line with the names of the columns")
    place, header, problem = first
    if problem:
        refuse(path, [Row(place, (), problem)])
    if delimiter == "," and len(header) == 1 and ";" in header[0]:
        raise DataError(
            f"{path} sets its columns apart by semicolons; expected commas: save it as CSV with "
            "commas, or as .tsv with tabs"
        )
    positions = _positions(path, header, columns)
    for place, fields, problem in records:
        if not problem and len(fields) != len(header):
            problem = (
                "an empty line"
                if fields in ([], [""])
                else f"{len(fields)} fields; expected {len(header)}, as in the first line"
            )
        if problem:
            yield Row(place, (), problem)
        else:
            yield Row(place, tuple(fields[position] for position in positions))


def _unnamed_rows(path: Path) -> Iterator[Row]:
    """Rows of a TSV of two columns without a header."""
    for place, fields, _ in _records(text_lines(path), "\t"):
        if len(fields) == 2:
            yield Row(place, tuple(fields))
        else:
            counted = "1 field" if len(fields) == 1 else f"{len(fields)} fields"
            yield Row(place, (), f"{counted}; expected source, tab, target")


def _as_text(value: object) -> str | None:
    """A JSON or Parquet value as text; None for one that is neither a text, number nor boolean."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    return None


def _row_of_mapping(place: str, record: Mapping[str, Any], columns: Sequence[str]) -> Row:
    fields = []
    for column in columns:
        if column not in record:
            return Row(place, (), f'no "{column}"; it has {", ".join(record) or "nothing"}')
        text = _as_text(record[column])
        if text is None:
            kind = "null" if record[column] is None else type(record[column]).__name__
            return Row(place, (), f'"{column}" is {kind}; expected a text')
        fields.append(text)
    return Row(place, tuple(fields))


def _json_rows(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    for number, line in enumerate(text_lines(path), start=1):
        place = f"line {number}"
        if not line.strip():
            yield Row(place, (), "an empty line")
            continue
        try:
            record = json.loads(line)
        except ValueError as error:
            yield Row(place, (), f"not JSON ({error}); expected one object a line")
            continue
        if isinstance(record, dict):
            yield _row_of_mapping(place, record, columns)
        else:
            yield Row(place, (), "not a JSON object; expected one object a line")


def _parquet_rows(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    try:
        parquet: Any = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise DataError(
            f"{path} is a Parquet file, and pyarrow is not installed; install the extra: "
            f'pip install "pyarrow>=21"'
        ) from error
    try:
        table = parquet.ParquetFile(path)
        _positions(path, table.schema_arrow.names, columns)
        number = 0
        for batch in table.iter_batches(columns=list(columns)):
            for record in batch.to_pylist():
                number += 1
                yield _row_of_mapping(f"row {number}", record, columns)
    except (ValueError, OSError) as error:  # pyarrow's errors are ValueErrors
        raise DataError(f"{path} cannot be read as Parquet: {error}") from error


_FORMATS: Mapping[str, Callable[[Path, Sequence[str]], Iterator[Row]]] = {
    ".csv": lambda path, columns: _delimited_rows(path, columns, ","),
    ".tsv": lambda path, columns: _delimited_rows(path, columns, "\t"),
    ".jsonl": _json_rows,
    ".parquet": _parquet_rows,
}


TABLES = tuple(_FORMATS)  # endings of the files that have columns


def _named_rows(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    if not path.is_file():
        raise DataError(f"{path} is not there; expected a file of {', '.join(_FORMATS)}")
    if path.suffix.lower() not in _FORMATS:
        raise DataError(
            f'{path} ends in "{path.suffix}"; expected one of {", ".join(_FORMATS)}: the ending '
            f"says how a file is read"
        )
    return _FORMATS[path.suffix.lower()](path, columns)


def _checked(row: Row, names: Sequence[str]) -> Row:
    """The row, or the same row with the problem of its first bad field."""
    if row.problem:
        return row
    for name, value in zip(names, row.fields, strict=True):
        if not value.strip():
            return row._replace(problem=f"an empty {name}; expected some text")
        if "\0" in value:
            return row._replace(problem=f"a NUL character in the {name}; take it out")
        if any("\ud800" <= character <= "\udfff" for character in value):
            return row._replace(problem=f"half a surrogate pair in the {name}; expected Unicode")
    return row


def _fields(path: Path, rows: Iterator[Row], names: Sequence[str]) -> list[tuple[str, ...]]:
    """The fields of all rows. Raises DataError with the bad rows if there are any, or none."""
    checked = [_checked(row, names) for row in rows]
    refuse(path, checked)
    if not checked:
        raise DataError(f"{path} has no rows; expected at least one")
    return [row.fields for row in checked]


def read_columns(path: Path, columns: Sequence[str]) -> list[Row]:
    """Rows of the wanted columns, whose fields may be empty: .csv, .tsv, .jsonl or .parquet.

    Raises DataError, which names the file and up to ten bad rows by their line.
    """
    rows = list(_named_rows(path, columns))
    refuse(path, rows)
    if not rows:
        raise DataError(f"{path} has no rows; expected at least one")
    return rows


def read_labelled(
    path: Path, text_column: str = "text", label_column: str = "label", minimum_per_class: int = 2
) -> list[LabelledText]:
    """Labelled texts from a file with named columns: .csv, .tsv, .jsonl or .parquet.

    The white space around a label does not belong to it; the text stays as it is. To train on
    them there must be two classes or more, each of at least `minimum_per_class` texts; 0 leaves
    that check out, for data to evaluate on.

    Raises DataError, which names the file and up to ten bad rows by their line: a wrong number of
    fields, an empty or missing text or label, broken UTF-8, NUL.
    """
    fields = _fields(path, _named_rows(path, (text_column, label_column)), ("text", "label"))
    examples = [LabelledText(text, label.strip()) for text, label in fields]
    counts = Counter(example.label for example in examples)
    if minimum_per_class and len(counts) < 2:
        raise DataError(
            f'{path} has one class alone, "{examples[0].label}"; expected two or more in the '
            f'column "{label_column}"'
        )
    rare = [f'"{label}" ({count})' for label, count in counts.items() if count < minimum_per_class]
    if rare:
        shown = ", ".join(rare[:_LISTED]) + (", ..." if len(rare) > _LISTED else "")
        raise DataError(
            f"{path}: expected at least {minimum_per_class} texts of each class; too few of "
            f'{shown}. If "{label_column}" is not the column of classes, name another'
        )
    return examples


def read_texts(path: Path, text_column: str = "text") -> list[str]:
    """The texts of a file with named columns: .csv, .tsv, .jsonl or .parquet.

    Raises DataError, which names the file and up to ten bad rows by their line.
    """
    return [text for (text,) in _fields(path, _named_rows(path, (text_column,)), ("text",))]


def read_pairs(
    path: Path, source_column: str | None = None, target_column: str | None = None
) -> list[SentencePair]:
    """Sentence pairs from a file.

    Without columns: a .tsv of two columns, source and target, and no first line of names. With
    both columns named: .csv, .tsv, .jsonl or .parquet. White space around a sentence is taken off.

    Raises DataError, which names the file and up to ten bad rows by their line.
    """
    if (source_column is None) != (target_column is None):
        raise DataError("name both columns, of the source and of the target, or neither")
    if source_column is not None and target_column is not None:
        rows = _named_rows(path, (source_column, target_column))
    elif path.suffix.lower() == ".tsv" and path.is_file():
        rows = _unnamed_rows(path)
    elif path.is_file():
        raise DataError(
            f"{path} needs the names of its source column and its target column; without names "
            f"expected a .tsv of two columns"
        )
    else:
        raise DataError(f"{path} is not there; expected a .tsv of two columns")
    fields = _fields(path, rows, ("source", "target"))
    return [SentencePair(source.strip(), target.strip()) for source, target in fields]


def split_examples(
    examples: Sequence[LabelledText], fractions: Sequence[float], seed: int
) -> tuple[list[LabelledText], ...]:
    """One list for each fraction, with about that share of every class; part 0 is for training.

    Equal texts stay together. The drawing depends on the texts and `seed`, not on their order.
    Raises ValueError for fractions that are not positive or do not add up to 1.
    """
    parts = stratified_parts(
        [example.text for example in examples],
        [example.label for example in examples],
        fractions,
        seed,
    )
    return tuple(
        [example for example, part in zip(examples, parts, strict=True) if part == number]
        for number in range(len(fractions))
    )


def split_pairs(
    pairs: Sequence[SentencePair], fractions: Sequence[float], seed: int
) -> tuple[list[SentencePair], ...]:
    """One list for each fraction; all pairs of one source sentence stay together.

    Raises ValueError for fractions that are not positive or do not add up to 1.
    """
    parts = stratified_parts([pair.source for pair in pairs], [""] * len(pairs), fractions, seed)
    return tuple(
        [pair for pair, part in zip(pairs, parts, strict=True) if part == number]
        for number in range(len(fractions))
    )


def class_names(examples: Sequence[LabelledText]) -> list[str]:
    """The classes in order: by value where all are numbers ("2" before "10"), else by name."""
    names = sorted({example.label for example in examples})
    try:
        values = {name: float(name) for name in names}
    except ValueError:
        return names
    return (
        sorted(names, key=values.__getitem__) if all(map(math.isfinite, values.values())) else names
    )
