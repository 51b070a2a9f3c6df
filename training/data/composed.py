"""Sentences about films, meals, phones, flights, shares, whose parts speak against each other.

Generated from words and patterns that were written for this project: negation, contrast, turns,
what others think, what would have been, comparison, irony. Labelled sentences of this kind are rare
in every dataset, so a model learns there to count words. Most patterns make two sentences, which
differ in what was praised and what was blamed, and in their label.

The patterns teach what the probes of `training/probes` ask for, in other words; no probe is among
the sentences. Case and punctuation vary, as people's do. This module knows nothing about networks.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

from training.data.examples import LabelledText
from training.data.splits import normalise
from training.probes import read_probes

LABELS = ("negative", "positive")
MOST = 100_000  # sentences; among more there are too many repeated ones

T = TypeVar("T")

_FOLDER = Path(__file__).parent
_ANY = "any"  # words of every domain
_SLOT = re.compile(r"\{([a-z]+)( 2)?([+-]?)\}")
_VOWEL = re.compile(r"\b([Aa]) (?=(?!use|uni(?![nm])|one|eu)(?:[aeiou]|hour|honest))")
# A full stop, an exclamation mark, nothing; and nothing in lower case.
_ENDS = (".", ".", ".", ".", "!", "")
_LOWER = 0.2
_IN_VAIN = 1000  # sentences in a row that were there already: few words make no more


class Pattern(NamedTuple):
    """Text with slots, such as "{part}", "{clause+}" and "{clause-}".

    "+" is filled by words of the label's own polarity, "-" by words of the other one; the 2 of
    "{part 2}" asks for another word than that of "{part}".
    """

    phenomenon: str
    label: str  # or "either"
    text: str

    def slots(self, label: str) -> list[str]:
        """The slots by the names that words have: polarities are those of the words."""
        return [name + _polarity(sign, label) for name, _, sign in _SLOT.findall(self.text)]


Words = Mapping[str, Mapping[str, Sequence[str]]]  # domain, slot, words


def composed_sentences(count: int, seed: int) -> list[LabelledText]:
    """So many different sentences; the same arguments give the same ones.

    Phenomena come about equally often, and so do both labels within each, as far as there are so
    many. Raises ValueError for more than `MOST`.
    """
    return compose(read_words(), count, seed)


def compose(words: Words, count: int, seed: int, slots: Sequence[str] = ()) -> list[LabelledText]:
    """The same of other words, by those patterns that a domain of theirs can fill.

    slots: one of which a pattern must have, as "clause"; none are any. There are fewer sentences
    where the words do not make more.
    """
    if count > MOST:
        raise ValueError(f"{count:,} sentences are asked for; expected {MOST:,} at most")
    generator = np.random.default_rng((seed, 0x636F6D70))
    patterns = _by_phenomenon_and_label(words, slots)
    phenomena = sorted({phenomenon for phenomenon, _ in patterns})
    seen = {normalise(probe.text) for probe in read_probes()}
    made: list[LabelledText] = []
    in_vain = 0
    while len(made) < count and in_vain < _IN_VAIN:
        phenomenon = _one(generator, phenomena)
        label = _one(generator, LABELS)
        choices = patterns.get((phenomenon, label))
        if choices is None:
            continue
        pattern, domains = _one(generator, choices)
        text = _sentence(generator, pattern, label, words, domains)
        key = normalise(text)
        in_vain += 1
        if key not in seen:
            in_vain = 0
            seen.add(key)
            made.append(LabelledText(text, label))
    return made


@cache
def read_patterns() -> tuple[Pattern, ...]:
    _, *lines = _lines("composed-patterns.tsv")
    return tuple(Pattern(*line.split("\t")) for line in lines)


@cache
def read_words() -> Words:
    _, *lines = _lines("composed-words.tsv")
    words: dict[str, dict[str, Sequence[str]]] = defaultdict(dict)
    for line in lines:
        domain, slot, choices = line.split("\t")
        words[domain][slot] = choices.split("|")
    return words


def domains_of(pattern: Pattern, label: str, words: Words) -> list[str]:
    """Where the pattern's slots can all be filled."""
    wanted = set(pattern.slots(label)) - set(words[_ANY])
    return [domain for domain in words if domain != _ANY and wanted <= set(words[domain])]


def _lines(name: str) -> list[str]:
    return (_FOLDER / name).read_text(encoding="utf-8").splitlines()


def _by_phenomenon_and_label(
    words: Words, slots: Sequence[str]
) -> dict[tuple[str, str], list[tuple[Pattern, list[str]]]]:
    """Patterns that have one of the slots, with the domains that can fill them."""
    chosen = defaultdict(list)
    wanted = ["{" + slot for slot in slots] or [""]
    having = [one for one in read_patterns() if any(slot in one.text for slot in wanted)]
    for pattern in having:
        for label in LABELS:
            domains = domains_of(pattern, label, words)
            if domains and pattern.label in (label, "either"):
                chosen[pattern.phenomenon, label].append((pattern, domains))
    return dict(chosen)


def _sentence(
    generator: np.random.Generator,
    pattern: Pattern,
    label: str,
    words: Words,
    domains: Sequence[str],
) -> str:
    domain = _one(generator, domains)
    used: set[str] = set()

    def filled(slot: re.Match[str]) -> str:
        name = slot[1] + _polarity(slot[3], label)
        choices = words[domain].get(name) or words[_ANY][name]
        free = [choice for choice in choices if choice not in used] if used else choices
        word = _one(generator, free or choices)
        used.add(word)
        return word

    text = _VOWEL.sub(r"\1n ", _SLOT.sub(filled, pattern.text))
    if generator.random() < _LOWER:
        return text.lower()
    starts = re.split(r"(?<=[.?!] )", text)
    return "".join(part[:1].upper() + part[1:] for part in starts) + _one(generator, _ENDS)


def _polarity(sign: str, label: str) -> str:
    """The sign of the words: that of the slot, turned round where the label is negative."""
    if not sign or label == "positive":
        return sign
    return {"+": "-", "-": "+"}[sign]


def _one(generator: np.random.Generator, choices: Sequence[T]) -> T:
    return choices[int(generator.integers(len(choices)))]
