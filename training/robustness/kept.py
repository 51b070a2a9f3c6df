"""Which stretches of sentences a translator leaves as they stand: names, numbers, addresses."""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from training.probes.translation import KeptSentence, Stretch
from training.robustness.served import Served
from training.robustness.whole import whole

ALL = "all"


@dataclass(frozen=True)
class Lost:
    """A sentence of whose stretches some do not stand in its translation."""

    text: str
    translation: str
    stretches: list[Stretch]


@dataclass(frozen=True)
class Share:
    """So many stretches of a group, and how many of them are intact in percent."""

    stretches: int
    intact: float


@dataclass(frozen=True)
class Kept:
    """The shares by kind, then by style ("in chat"), then of all; and what was lost."""

    shares: dict[str, Share]
    lost: list[Lost]


def measure_kept(served: Served, sentences: Sequence[KeptSentence]) -> Kept:
    """What a translator keeps of sentences."""
    translations = served.translate([one.text for one in sentences], "kept")
    return score_kept(sentences, translations)


def score_kept(sentences: Sequence[KeptSentence], translations: Sequence[str]) -> Kept:
    """The same of translations that are there already."""
    total: Counter[str] = Counter()
    intact: Counter[str] = Counter()
    lost: list[Lost] = []
    for sentence, translation in zip(sentences, translations, strict=True):
        missing = [one for one in sentence.stretches if not stands(one.text, translation)]
        for one in sentence.stretches:
            groups = (one.kind, f"in {sentence.style}", ALL)
            total.update(groups)
            intact.update(groups if one not in missing else ())
        if missing:
            lost.append(Lost(sentence.text, translation, missing))
    # Kinds before styles, whatever came first.
    names = sorted(total, key=lambda name: (name == ALL, name.startswith("in ")))
    return Kept(
        {name: Share(total[name], round(100 * intact[name] / total[name], 1)) for name in names},
        lost,
    )


def stands(stretch: str, translation: str) -> bool:
    """Whether the translation has the stretch, letter for letter and not within a longer one.

    How an accent is written, composed or by a mark of its own, makes no difference.
    """
    stretch, translation = (unicodedata.normalize("NFC", one) for one in (stretch, translation))
    return whole(stretch).search(translation) is not None
