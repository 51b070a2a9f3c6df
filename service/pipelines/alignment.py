"""Which words of a sentence the words of its translation come from: the attention of the decoder.

The served decoder writes a translation once more, and what it attends to at each token is kept
(Bahdanau et al. 2015, section 5.2.1). It computes in the caller's thread.
"""

from collections.abc import Callable, Sequence

from service.artifact import Tokenizer
from service.pipelines.placeholders import Glossary, Span
from service.pipelines.projection import Alignment
from service.pipelines.translation import TranslationPipeline

_SENTENCES_AT_A_TIME = 16


def align(
    pipeline: TranslationPipeline,
    pairs: Sequence[tuple[str, str]],
    wanted: Callable[[], bool] = lambda: True,
    glossary: Glossary | None = None,
) -> list[Alignment | None]:
    """The alignment of each sentence with its translation.

    None where either is longer than the pipeline translates in one piece, and for a decoder that
    attends to nothing. wanted: asked now and then; once it says no, the rest is None. glossary:
    with which they were translated.
    """
    alignments: list[Alignment | None] = [None] * len(pairs)
    if not pipeline.attends:
        return alignments
    limit = pipeline.options.max_source_tokens
    encoded = [_encoded(pipeline, *pair, glossary) for pair in pairs]
    short = [
        i
        for i, ((source, _), (target, _)) in enumerate(encoded)
        if 1 < len(source) <= limit and 1 < len(target) <= limit  # each has its end
    ]
    for first in range(0, len(short), _SENTENCES_AT_A_TIME):
        if not wanted():
            break
        batch = short[first : first + _SENTENCES_AT_A_TIME]
        weights = pipeline.attention(
            [encoded[i][0][0] for i in batch], [encoded[i][1][0][:-1] for i in batch]
        )
        for i, attention in zip(batch, weights, strict=True):
            (_, source), (_, target) = encoded[i]
            # What lies on the end of the sentence says nothing of its words.
            alignments[i] = Alignment(source[:-1], target[:-1], attention[:, :-1])
    return alignments


_Encoded = tuple[list[int], list[tuple[int, int]]]  # tokens, and where each stands


def _encoded(
    pipeline: TranslationPipeline, sentence: str, translation: str, glossary: Glossary | None
) -> tuple[_Encoded, _Encoded]:
    """Both as the network reads and writes them, with placeholders; offsets are the texts' own."""
    tokenizer = pipeline.artifact.tokenizer
    masked = pipeline.masked(sentence, glossary)
    if masked.text == sentence:
        return tokenizer.encode_with_offsets(sentence), tokenizer.encode_with_offsets(translation)
    written, places = masked.recognised(translation)
    return (
        _located(tokenizer, masked.text, masked.origins(sentence)),
        _located(tokenizer, written, places),
    )


def _located(tokenizer: Tokenizer, text: str, places: Sequence[Span]) -> _Encoded:
    tokens, offsets = tokenizer.encode_with_offsets(text)
    return tokens, [located(places, span) for span in offsets]


def located(places: Sequence[Span], span: tuple[int, int]) -> tuple[int, int]:
    """Where a stretch of a text stands in the text whose places its characters have."""
    start, end = span
    first = places[start].start if start < len(places) else places[-1].end if places else 0
    return first, max(first, places[end - 1].end) if start < end else first
