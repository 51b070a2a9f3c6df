"""Reads a user's own text: passages of a plain text file, or a column of a table.

In plain text empty lines stand between passages, and line breaks within one count as spaces; a
file without an empty line has a passage a line. This module knows nothing about networks.
"""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from training.data.errors import DataError
from training.data.splits import stratified_parts
from training.data.tables import TABLES, read_texts, text_lines

PLAIN = (".txt", ".text", ".md")
FEWEST = 20  # passages; of fewer nothing can be held out that says anything
FEWEST_CHARACTERS = 2_000


def read_passages(path: Path, text_column: str = "text") -> list[str]:
    """The passages of a file, each on one line. Raises DataError, which names the bad lines."""
    suffix = path.suffix.lower()
    if not path.is_file() or suffix not in (*PLAIN, *TABLES):
        problem = f'ends in "{suffix}"' if path.is_file() else "is not there"
        raise DataError(
            f"{path} {problem}; expected plain text ({', '.join(PLAIN)}) or a table "
            f"({', '.join(TABLES)})"
        )
    if suffix in TABLES:
        return [" ".join(text.split()) for text in read_texts(path, text_column)]
    lines = [line.strip() for line in text_lines(path)]
    if not any(lines):
        raise DataError(f"{path} holds no text; expected passages")
    bad = [number for number, line in enumerate(lines, 1) if "\0" in line]
    if bad:
        raise DataError(f"{path}, line {bad[0]}: a NUL character; take it out")
    if all(lines):
        return lines
    return [" ".join(group) for full, group in groupby(lines, bool) if full]


def require_enough(path: Path, passages: Sequence[str]) -> None:
    """Raises DataError for too little text to train on and hold a part out."""
    characters = sum(map(len, passages))
    if len(passages) < FEWEST or characters < FEWEST_CHARACTERS:
        raise DataError(
            f"{path} has {len(passages):,} passages of {characters:,} characters in all; expected "
            f"at least {FEWEST} passages and {FEWEST_CHARACTERS:,} characters. Empty lines stand "
            "between passages; without any, each line is one"
        )


def split_passages(
    passages: Sequence[str], fractions: Sequence[float], seed: int
) -> tuple[list[str], ...]:
    """One list for each fraction, in their order; equal passages stay together."""
    parts = stratified_parts(passages, [""] * len(passages), fractions, seed)
    return tuple(
        [passage for passage, part in zip(passages, parts, strict=True) if part == number]
        for number in range(len(fractions))
    )
