"""Sentences that were written for this project to see what a translator does with them.

None stands in a dataset, and none may be trained on or selected by. `kept-SOURCE-TARGET.tsv` has
sentences in the styles of chats, news, captions and mails, with the stretches that a good
translator leaves as they stand; `odd.tsv`, what nobody should send and somebody will;
`glossary-SOURCE-TARGET.tsv`, words of captions with their usual translations and another one that
is right as well. This module reads them; it knows nothing about models.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from training.data.errors import DataError

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Stretch:
    """A part of a sentence that stands in its translation too, and what it is ("name", "url")."""

    kind: str
    text: str


class KeptSentence(NamedTuple):
    """A sentence, what it is written like ("chat"), and what its translation keeps of it."""

    text: str
    style: str
    stretches: tuple[Stretch, ...]


class OddText(NamedTuple):
    """A text, and what is odd about it."""

    kind: str
    text: str


class GlossaryTerm(NamedTuple):
    """A word, its usual translations, and one of the same meaning that a glossary asks for."""

    term: str
    usual: tuple[str, ...]
    forced: str


def read_kept(source: str, target: str) -> list[KeptSentence]:
    """Those of a direction, in the order of the file. Raises DataError where there is none."""
    return [
        KeptSentence(text, style, tuple(Stretch(*field.split(":", 1)) for field in fields))
        for text, style, *fields in _rows("kept", source, target)
    ]


def read_glossary_terms(source: str, target: str) -> list[GlossaryTerm]:
    """Those of a direction, in the order of the file. Raises DataError where there is none."""
    return [
        GlossaryTerm(term, tuple(usual.split("|")), forced)
        for term, usual, forced in _rows("glossary", source, target)
    ]


def read_odd() -> list[OddText]:
    """All of them, in the order of the file; for any direction."""
    return [OddText(*row) for row in _fields(_FOLDER / "odd.tsv")]


def _rows(name: str, source: str, target: str) -> list[list[str]]:
    path = _FOLDER / f"{name}-{source}-{target}.tsv"
    if not path.is_file():
        known = sorted(
            one.stem.removeprefix(f"{name}-") for one in _FOLDER.glob(f"{name}-??-??.tsv")
        )
        raise DataError(
            f"nothing was written for {source}-{target} to measure what is {_MEASURED[name]}; "
            f"there is {', '.join(known)}"
        )
    return _fields(path)


_MEASURED = {"kept": "kept", "glossary": "done with a glossary"}


def _fields(path: Path) -> list[list[str]]:
    """One row a line, fields set apart by tabs, below a header."""
    _, *lines = path.read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines]
