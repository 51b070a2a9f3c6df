"""What it costs a translator how people type: in capitals, without accents, with an error.

Each variation is scored beside the sentences as they were, under the same terms. What is not in the
translator's hands costs nothing: capitals and lower case are scored without regard to case, and
where sentences have lost their end, the references and the translations of the sentences as they
were have lost it too.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from sacrebleu.metrics.bleu import BLEU

from service.pipelines.placeholders import composed, without_accents
from training.data.examples import SentencePair
from training.data.noise import mistyped
from training.robustness.served import Served

_END = re.compile(r"\s*[.!?…]+$")


@dataclass(frozen=True)
class Variation:
    """A way of typing.

    typed: the source, with a random of the sentence's own; judged: what is scored of a text.
    """

    name: str
    typed: Callable[[str, Random], str]
    judged: Callable[[str], str] = str
    ignores_case: bool = False


def without_end(text: str) -> str:
    """The text without the punctuation at its end; one that is nothing else stays."""
    return _END.sub("", text) or text


def on_a_bare_keyboard(text: str) -> str:
    """The text as a keyboard has it that lacks its language's letters: "grosse Tur"."""
    return without_accents(composed(text)).replace("ß", "ss")


VARIATIONS = (
    Variation("capitals", lambda text, _: text.upper(), ignores_case=True),
    Variation("lower case", lambda text, _: text.lower(), ignores_case=True),
    Variation("no end", lambda text, _: without_end(text), judged=without_end),
    Variation("no accents", lambda text, _: on_a_bare_keyboard(text)),
    Variation("typing error", mistyped),
)


@dataclass(frozen=True)
class Cost:
    """BLEU of a variation and of the sentences as they were, and the points between them."""

    plain: float
    typed: float
    lost: float
    signature: str


@dataclass(frozen=True)
class Typed:
    """BLEU of the sentences as they were, cased, and what each variation costs."""

    sentences: int
    plain: float
    signature: str
    costs: dict[str, Cost]


def measure_typed(served: Served, pairs: Sequence[SentencePair], seed: int) -> Typed:
    """BLEU in percent of each variation; the errors are a function of the seed and the sentence."""
    plain = served.translate([pair.source for pair in pairs], "plain")
    references = [pair.target for pair in pairs]
    bleu = BLEU()
    score = bleu.corpus_score(plain, [references]).score
    return Typed(
        len(pairs),
        round(score, 2),
        str(bleu.get_signature()),
        {one.name: _cost(served, one, pairs, plain, references, seed) for one in VARIATIONS},
    )


def _cost(
    served: Served,
    variation: Variation,
    pairs: Sequence[SentencePair],
    plain: Sequence[str],
    references: Sequence[str],
    seed: int,
) -> Cost:
    sources = [
        variation.typed(source, Random(f"{seed} {variation.name} {source}")) for source, _ in pairs
    ]
    typed = served.translate(sources, variation.name)
    bleu = BLEU(lowercase=variation.ignores_case)
    judged = [variation.judged(reference) for reference in references]
    before = bleu.corpus_score([variation.judged(text) for text in plain], [judged]).score
    # As they came: an end that the source has not is a mistake.
    after = bleu.corpus_score(typed, [judged]).score
    return Cost(
        round(before, 2), round(after, 2), round(before - after, 2), str(bleu.get_signature())
    )
