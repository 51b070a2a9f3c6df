"""Reads files of one token a line, with a blank line between sentences: CoNLL-U, and columns.

CoNLL-U (https://universaldependencies.org/format.html) is read for the universal part of speech of
each word; of a contraction ("don't") it has the parts as words. Files of columns have the token
first and its tag last. Knows nothing about datasets.
"""

import gzip
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from training.data.errors import DataError
from training.data.examples import TaggedSentence

_TEXT = "# text = "
_KEY_AND_VALUE = re.compile(r"#\s*[\w.:-]+\s*=\s")
_DOCUMENT = "-DOCSTART-"
_UPOS_COLUMN = 3
_COLUMNS = 10
_LISTED = 10  # bad lines that one error names

TokenOf = Callable[[str], tuple[str, str] | None]  # a line to a token and its tag


def read_conllu(path: Path) -> list[TaggedSentence]:
    """The words and parts of speech of a treebank, with the text of each sentence.

    Raises DataError for a file that is missing, damaged or no CoNLL-U.
    """
    return _sentences(path, _conllu_token)


def read_columns(path: Path) -> list[TaggedSentence]:
    """The first and the last column of each line. Raises DataError, as above.

    A line that begins with # is a token where it is written as those that do not: with a tab, or
    in as many columns. Else it is a comment, as are "# key = value" and CoNLL-2003's -DOCSTART-.
    """
    usual = next((line for line in _lines(path) if line.strip() and line[0] != "#"), "")
    columns = len(usual.split())

    def token_of(line: str) -> tuple[str, str] | None:
        alike = "\t" in line if "\t" in usual else len(line.split()) == columns
        if line.startswith("#") and (_KEY_AND_VALUE.match(line) or not alike):
            return None
        return _column_token(line)

    return _sentences(path, token_of)


def read_tagged_file(path: Path) -> list[TaggedSentence]:
    """A user's file by its ending: .conllu (perhaps .gz), and else columns. Raises DataError."""
    sentences = (read_conllu if ".conllu" in path.suffixes else read_columns)(path)
    if not sentences:
        raise DataError(f"{path} holds no sentence; expected a token and its tag on each line")
    return sentences


def _lines(path: Path) -> list[str]:
    if not path.is_file():
        raise DataError(f"{path} is missing; expected one token a line")
    try:
        content = path.read_bytes()
        content = gzip.decompress(content) if path.suffix == ".gz" else content
        return content.removeprefix(b"\xef\xbb\xbf").decode("utf-8").split("\n")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise DataError(f"{path} is damaged or no UTF-8 ({error}); fetch or save it again") from (
            error
        )


def _sentences(path: Path, token_of: TokenOf) -> list[TaggedSentence]:
    bad: list[str] = []
    sentences = []
    for block in _blocks(_lines(path)):
        tokens, tags, text = [], [], ""
        for number, line in block:
            if line.startswith(_TEXT):
                text = line.removeprefix(_TEXT)
                continue
            try:
                found = token_of(line)
            except ValueError as error:
                bad.append(f"  line {number}: {error}")
                continue
            if found is not None:
                tokens.append(found[0])
                tags.append(found[1])
        if tokens:
            sentences.append(TaggedSentence(tuple(tokens), tuple(tags), text))
    if bad:
        more = [f"  and {len(bad) - _LISTED:,} more"] if len(bad) > _LISTED else []
        count = f"{len(bad):,} bad line" + ("s" if len(bad) > 1 else "")
        raise DataError("\n".join([f"{path} has {count}:", *bad[:_LISTED], *more]))
    return sentences


def _blocks(lines: Sequence[str]) -> Iterator[list[tuple[int, str]]]:
    """The lines of each sentence with their numbers."""
    block: list[tuple[int, str]] = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            block.append((number, line.rstrip("\r")))
        elif block:
            yield block
            block = []
    if block:
        yield block


def _conllu_token(line: str) -> tuple[str, str] | None:
    """A word and its part of speech; None of a comment, a contraction's whole, an empty node."""
    if line.startswith("#"):
        return None
    fields = line.split("\t")
    if len(fields) != _COLUMNS:
        raise ValueError(f"{len(fields)} columns where CoNLL-U has {_COLUMNS}, set apart by tabs")
    if not fields[0].isdigit():
        return None
    if fields[_UPOS_COLUMN] == "_":
        raise ValueError(f"{fields[1]!r} has no part of speech (column {_UPOS_COLUMN + 1})")
    return fields[1], fields[_UPOS_COLUMN]


def _column_token(line: str) -> tuple[str, str] | None:
    """The first and the last column; tabs set them apart, or where there are none, white space.

    None where a document begins.
    """
    fields = line.split("\t") if "\t" in line else line.split()
    if fields[0] == _DOCUMENT:
        return None
    if len(fields) < 2 or not fields[0].strip() or not fields[-1].strip():
        raise ValueError("expected a token and its tag, set apart by a tab or a space")
    return fields[0].strip(), fields[-1].strip()
