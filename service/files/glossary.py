"""Glossaries in files: a column a language, a row a concept, for every pair of the languages.

    en,de
    house,Gebäude
    customer,Kundin

CSV or TSV (without quotes) in UTF-8, as the ending says. A language may have several columns, of
forms of the same concept: all of them are found, and the first that is not empty is written. Knows
nothing about models: which terms are looked for, and how, is not decided here.
"""

import csv
import hashlib
import io
import itertools
import os
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from service.artifact.manifest import LANGUAGE_CODE
from service.errors import quote
from service.files.errors import FileError
from service.files.terms import LONGEST_TERM, is_term

MAX_TERMS = 50_000  # cells that are not empty
MAX_LANGUAGES = 32  # columns
MAX_BYTES = 8 << 20
_DIGEST_CHARACTERS = 16
_SUFFIXES = {".csv": ",", ".tsv": "\t"}  # and what separates their cells


class Concept(NamedTuple):
    """A row: where it stands, and what the concept is called in the language of each column."""

    line: int
    cells: Sequence[str]  # empty where nothing is said


@dataclass(frozen=True)
class GlossaryTable:
    """What a file says."""

    languages: Sequence[str]  # of the columns, in lower case
    concepts: Sequence[Concept]
    digest: str  # of its bytes: the beginning of their SHA-256, in hexadecimal

    def terms(self, source: str, target: str) -> dict[str, str]:
        """Terms of one language, and what each is in the other; languages in any case."""
        found = self._translations(source.lower(), target.lower())
        return {term: translation for _, term, translation in found}

    def check(self) -> None:
        """Raises FileError, which names the line, for a term with two translations."""
        for source, target in itertools.permutations(dict.fromkeys(self.languages), 2):
            known: dict[str, tuple[int, str]] = {}
            for line, term, translation in self._translations(source, target):
                before, other = known.setdefault(term, (line, translation))
                if translation != other:
                    raise FileError(
                        f"line {line}: {quote(term)} ({source}) is {quote(translation)} ({target}) "
                        f"here and {quote(other)} in line {before}; leave one out, or write both "
                        f"in one row, with a second column {target}, which is found and not written"
                    )

    def _translations(self, source: str, target: str) -> Iterator[tuple[int, str, str]]:
        """Line, term and translation."""
        sources = [i for i, language in enumerate(self.languages) if language == source]
        targets = [i for i, language in enumerate(self.languages) if language == target]
        for line, cells in self.concepts:
            written = next((cells[i] for i in targets if cells[i]), "")
            if written:
                yield from ((line, cells[i], written) for i in sources if cells[i])


def read_glossary(path: Path) -> GlossaryTable:
    """The glossary in a file. Raises FileError, which names the file and the line."""
    separator = _SUFFIXES.get(path.suffix.lower())
    if separator is None:
        raise FileError(f"the glossary {path} must be a file whose name ends in .csv or .tsv")
    try:
        if path.stat().st_size > MAX_BYTES:
            raise FileError(
                f"the glossary {path} is larger than {MAX_BYTES:,} bytes; leave some terms out"
            )
        content = path.read_bytes()
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise FileError(f"the glossary {path} cannot be read: {reason}") from None
    try:
        return parse_glossary(content, separator)
    except FileError as error:
        raise FileError(f"the glossary {path}, {error}") from None


def parse_glossary(content: bytes, separator: str) -> GlossaryTable:
    """The glossary in a file's bytes. Raises FileError, which names the line."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise FileError(
            f"line {line}: this is not UTF-8: 0x{content[error.start]:02x}; save it in UTF-8"
        ) from None
    rows = _rows(text, separator)
    languages = _languages(next(rows, Concept(1, ())), separator)
    digest = hashlib.sha256(content).hexdigest()[:_DIGEST_CHARACTERS]
    table = GlossaryTable(languages, list(_concepts(rows, len(languages))), digest)
    table.check()
    return table


def _rows(text: str, separator: str) -> Iterator[Concept]:
    """The rows that hold something, as they are written."""
    quoting: Literal[0, 3] = csv.QUOTE_NONE if separator == "\t" else csv.QUOTE_MINIMAL
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=separator, quoting=quoting, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise FileError(
                f"line {line}: no CSV ({error}); expected quotes doubled inside a quoted cell"
            ) from None
        if any(cells):
            yield Concept(line, cells)


def _languages(header: Concept, separator: str) -> list[str]:
    languages = [cell.strip().lower() for cell in header.cells]
    example = quote(separator.join(("en", "de"))) if separator == "," else '"en", a tab and "de"'
    for language in languages:
        if not re.fullmatch(LANGUAGE_CODE, language):
            raise FileError(
                f"line {header.line}: {quote(language)} is no code of a language; the first line "
                f"names that of every column, such as {example}"
            )
    if len(set(languages)) < 2 or len(languages) > MAX_LANGUAGES:
        raise FileError(
            f"line {header.line}: {len(set(languages))} languages in {len(languages)} columns; the "
            f"first line names 2 languages or more, in {MAX_LANGUAGES} columns at most, such as "
            f"{example}"
        )
    return languages


def _concepts(rows: Iterator[Concept], columns: int) -> Iterator[Concept]:
    """The rows with a cell for each column, each as it is looked for and written."""
    count = 0
    for line, cells in rows:
        if len(cells) > columns:
            raise FileError(
                f"line {line}: {len(cells)} cells; expected {columns} at most, as in the first line"
            )
        plain = [_plain(line, cell.strip()) for cell in cells]
        count += sum(map(bool, plain))
        if count > MAX_TERMS:
            raise FileError(f"line {line}: here the terms are more than {MAX_TERMS:,}")
        yield Concept(line, plain + [""] * (columns - len(plain)))


def _plain(line: int, cell: str) -> str:
    if cell and not is_term(cell):
        raise FileError(
            f"line {line}: {quote(cell)} is no term; it must have {LONGEST_TERM} printable "
            "characters at most"
        )
    return " ".join(unicodedata.normalize("NFC", cell).split())
