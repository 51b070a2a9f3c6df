"""Explains a translation: which tokens of the source each token of the target attended to.

The search that translates keeps no attention. So the served decoder writes the translation that
was found once more, and this time its attention is kept. Knows nothing about requests or searches.
Thread-safe.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from service.artifact import Tokenizer
from service.errors import Unexplainable
from service.explanation.words import Span, strip_span
from service.pipelines.alignment import located
from service.pipelines.placeholders import Glossary
from service.pipelines.translation import (
    WORD_START,
    Alternative,
    SplitTexts,
    TranslationPipeline,
)

_DIGITS = 6  # of a weight


@dataclass(frozen=True)
class TextToken:
    """A token and where it stands in its text; tokens that share a character share its span."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Correction(TextToken):
    """A word of the text that was read as another, or in another case."""

    read_as: str


@dataclass(frozen=True)
class Block:
    """What was translated in one piece: a sentence, or a part of a very long one.

    source: with the end token last, whose text is empty; target: without it. attention: one row
    a target token, which sums to 1 over the source tokens.
    """

    source: list[TextToken]
    target: list[TextToken]
    attention: list[list[float]]


@dataclass(frozen=True)
class Explanation:
    """A translation and its blocks, in the order of the text."""

    translatedText: str  # noqa: N815 (as POST /translate names it)
    blocks: list[Block]
    corrections: list[Correction] | None = None  # None: every word was read as it stands


def require_attention(pipeline: TranslationPipeline) -> None:
    """Raises Unexplainable for a decoder that attends to nothing."""
    if not pipeline.attends:
        artifact = pipeline.artifact
        raise Unexplainable(
            f"version {artifact.version} of {artifact.name} translates without attention: nothing "
            "says which words a word was written from; ask another model or version"
        )


def explain_translation(
    pipeline: TranslationPipeline,
    text: str,
    split: SplitTexts,
    targets: Sequence[Sequence[int]],
    glossary: Glossary | None = None,
) -> Explanation:
    """The attention of a translation.

    split: of that text alone, with that glossary; targets: for each of its rows the tokens that
    the search found.
    Raises Unexplainable for a decoder that attends to nothing.
    """
    require_attention(pipeline)
    tokenizer = pipeline.artifact.tokenizer
    weights = pipeline.attention(split.rows, targets)
    texts = [tokenizer.decode(target) for target in targets]
    whole = split.join([[Alternative(part, 0.0)] for part in texts])[0][0].text
    sources = _source_spans(pipeline, split, glossary)
    starts = _target_starts(split, [split.shown(i, part) for i, part in enumerate(texts)])
    blocks = []
    for i, (source, start, target, attention) in enumerate(
        zip(sources, starts, targets, weights, strict=True)
    ):
        found = target_spans(tokenizer, target)
        if split.kept:
            places = split.kept[i].places(texts[i])
            found = [located(places, span) for span in found]
        spans = [(a + start, b + start) for a, b in found]
        rows = attention.astype(float).round(_DIGITS).tolist()
        blocks.append(Block(_tokens(text, source), _tokens(whole, spans), rows))
    return Explanation(whole, blocks, list(_corrections(pipeline, text, split, glossary)) or None)


def target_spans(tokenizer: Tokenizer, tokens: Sequence[int]) -> list[Span]:
    """Where each token stands in the text that all of them decode to, white space left out."""
    whole = tokenizer.decode(tokens)
    spans: list[Span] = []
    written = 0
    for count in range(1, len(tokens) + 1):
        text = tokenizer.decode(tokens[:count])
        # Bytes that form no character yet are shown as one that is not in the text.
        while not whole.startswith(text):
            text = text[:-1]
        end = max(written, len(text))
        spans.append((written, end))
        written = end
    pieces = tokenizer.pieces(tokens)
    for i in range(len(spans) - 2, -1, -1):
        start, end = spans[i]
        if start == end == spans[i + 1][0] and pieces[i] != WORD_START:
            spans[i] = spans[i + 1]
    return [strip_span(whole, span) for span in spans]


def _source_spans(
    pipeline: TranslationPipeline, split: SplitTexts, glossary: Glossary | None
) -> Iterator[list[Span]]:
    """For each row the spans of its tokens in the text, the end token's included."""
    (text,), (counts,) = split.splits, split.counts
    rows = iter(split.rows)
    begin = 0  # of the sentence
    for gap, sentence, count in zip(text.gaps, text.sentences, counts, strict=False):
        begin += len(gap)
        masked = pipeline.masked(sentence, glossary)
        _, offsets = pipeline.artifact.tokenizer.encode_with_offsets(masked.text)
        if masked.text != sentence:
            origins = masked.origins(sentence)
            offsets = [located(origins, span) for span in offsets]
        first = 0
        for _ in range(count):
            last = first + len(next(rows)) - 1  # without the end
            spans = [strip_span(sentence, span) for span in offsets[first:last]]
            spans.append((spans[-1][1], spans[-1][1]))
            yield [(start + begin, end + begin) for start, end in spans]
            first = last
        begin += len(sentence)


def _corrections(
    pipeline: TranslationPipeline, text: str, split: SplitTexts, glossary: Glossary | None
) -> Iterator[Correction]:
    """The words that were not read as they stand, in order."""
    (parts,) = split.splits
    begin = 0  # of the sentence
    for gap, sentence in zip(parts.gaps, parts.sentences, strict=False):
        begin += len(gap)
        for span, read_as in pipeline.masked(sentence, glossary).corrections(sentence):
            start, end = begin + span.start, begin + span.end
            yield Correction(text[start:end], start, end, read_as)
        begin += len(sentence)


def _target_starts(split: SplitTexts, texts: Sequence[str]) -> Iterator[int]:
    """For each row where its translation begins; the text is joined as by `SplitTexts.join`."""
    (text,), (counts,) = split.splits, split.counts
    parts = iter(texts)
    position = 0
    for gap, count in zip(text.gaps, counts, strict=False):
        position += len(gap)
        for number in range(count):
            position += number > 0  # the space between two parts of a sentence
            yield position
            position += len(next(parts))


def _tokens(text: str, spans: Sequence[Span]) -> list[TextToken]:
    return [TextToken(text[start:end], start, end) for start, end in spans]
