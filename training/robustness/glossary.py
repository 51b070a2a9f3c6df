"""Whether a translator writes what a glossary asks for, and what that costs the rest.

Sentences of a test set with a word whose usual translation stands in the reference; the glossary
asks for another one that is right as well. BLEU of what it then writes is against the reference
with that word in its place, so that only the rest of the sentence makes a difference. A glossary of
which no term stands in any of the sentences must make none.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sacrebleu.metrics.bleu import BLEU

from service.pipelines.placeholders import Glossary
from training.data.examples import SentencePair
from training.probes.translation import GlossaryTerm
from training.robustness.served import Served
from training.robustness.whole import whole

MOST_OF_A_TERM = 4  # sentences, so that "man" does not speak for all
# Of law and of medicine, for both directions.
_IRRELEVANT = {
    "affidavit": "Affidavit",
    "estoppel": "Estoppel",
    "stethoscope": "Stethoskop",
    "Eidesstattlichkeit": "affidavit",
    "Verjährungsfrist": "limitation",
    "Stethoskop": "stethoscope",
}


@dataclass(frozen=True)
class Forced:
    """A sentence with a term, and its reference with and without what the glossary asks for."""

    source: str
    term: str
    translation: str  # of the term
    reference: str
    forced_reference: str


@dataclass(frozen=True)
class Missed:
    """A sentence whose translation lacks what the glossary asked for."""

    text: str
    translation: str
    term: str
    wanted: str


@dataclass(frozen=True)
class Honoured:
    """Shares in percent, BLEU without a glossary, with one beside the point, with the term's."""

    sentences: int
    appears: float
    none: float
    irrelevant: float
    relevant: float
    signature: str
    missed: list[Missed]


def draw_forced(pairs: Sequence[SentencePair], terms: Sequence[GlossaryTerm]) -> list[Forced]:
    """The sentences of the pairs in which a term stands once, and one usual translation with it.

    The first few of each term. What the glossary asks for does not stand in the reference yet.
    """
    drawn: list[Forced] = []
    for term in terms:
        glossary = Glossary({term.term: term.forced})
        found: list[Forced] = []
        for pair in pairs:
            if len(found) == MOST_OF_A_TERM:
                break
            reference = _forced_reference(pair.target, term)
            if reference is not None and len(glossary.find(pair.source)) == 1:
                found.append(Forced(pair.source, term.term, term.forced, pair.target, reference))
        drawn += found
    return drawn


def measure_glossary(served: Served, sentences: Sequence[Forced]) -> Honoured | None:
    """What a translator does with a glossary; None for one that takes none, or no sentences."""
    if not served.takes_glossary or not sentences:
        return None
    sources = [one.source for one in sentences]
    none = served.translate(sources, "no glossary")
    beside = _irrelevant(sources)
    irrelevant = served.translate(
        sources, "irrelevant glossary", glossaries=[beside] * len(sources)
    )
    asked = [Glossary({one.term: one.translation}) for one in sentences]
    relevant = served.translate(sources, "glossary", glossaries=asked)
    missed = [
        Missed(one.source, translation, one.term, one.translation)
        for one, translation in zip(sentences, relevant, strict=True)
        if not whole(one.translation, ignore_case=True).search(translation)
    ]
    bleu = BLEU()
    references = [[one.reference for one in sentences]]
    forced = [[one.forced_reference for one in sentences]]
    return Honoured(
        len(sentences),
        round(100 * (1 - len(missed) / len(sentences)), 1),
        round(bleu.corpus_score(none, references).score, 2),
        round(bleu.corpus_score(irrelevant, references).score, 2),
        round(bleu.corpus_score(relevant, forced).score, 2),
        str(bleu.get_signature()),
        missed,
    )


def _irrelevant(sources: Sequence[str]) -> Glossary:
    """Those terms that stand in none of the sentences."""
    return Glossary(
        {
            term: translation
            for term, translation in _IRRELEVANT.items()
            if not any(Glossary({term: translation}).find(source) for source in sources)
        }
    )


def _forced_reference(reference: str, term: GlossaryTerm) -> str | None:
    """The reference with what the glossary asks for; None where no or more than one place fits."""
    if whole(term.forced, ignore_case=True).search(reference):
        return None
    places = [
        match
        for usual in term.usual
        for match in whole(usual, ignore_case=True).finditer(reference)
    ]
    if len(places) != 1:
        return None
    (place,) = places
    word = term.forced
    if place.group()[0].isupper():
        word = word[0].upper() + word[1:]
    return reference[: place.start()] + word + reference[place.end() :]
