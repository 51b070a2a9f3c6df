"""Translation: sentences, tokens, search, and the text joined again.

`translate` computes in the caller's thread. For a service, `submit` hands jobs to an engine in
which the sentences of all requests are decoded together. Each text is split into sentences; its
white space and line breaks are its own again.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from service.artifact import (
    BOS_ID,
    EOS_ID,
    Artifact,
    ArtifactError,
    TranslationManifest,
    UnencodableText,
    encodable,
)
from service.errors import TextError
from service.pipelines.options import PipelineOptions
from service.pipelines.placeholders import (
    Glossary,
    Keeper,
    KnownWords,
    Masked,
    Spelling,
    forms_in,
    read,
)
from service.pipelines.sentences import SplitText, split_sentences
from service.runtime.decoder import Decoder
from service.runtime.decoding import DecodingEngine
from service.runtime.engine import EngineThread
from service.runtime.forced import forced_attention
from service.runtime.job import Failed, Item, Job
from service.runtime.keeping import KeepingSearch
from service.runtime.measures import Measures
from service.runtime.search import Hypothesis, SearchOptions, SequenceSearch, begin_search
from service.runtime.session import Array, open_session

WORD_START = "\N{LOWER ONE EIGHTH BLOCK}"  # how sentencepiece writes the space before a word
SPECIAL_TOKENS = 4  # pad, bos, eos and unk, of which none is a word
_CONTINUATION_BYTE = re.compile("<0x[89AB][0-9A-F]>")  # not the first of a character's UTF-8 bytes
_NICENESS = 5  # of a thread that decodes, so that classifiers and the event loop go before it
_RESERVED_SHARE = 4  # a fourth of the rows is kept free of bulk

__all__ = [
    "Alternative",
    "SearchOptions",
    "SplitTexts",
    "TranslationOptions",
    "TranslationPipeline",
    "glossary_of",
]


@dataclass(frozen=True)
class TranslationOptions(SearchOptions):
    """What a caller may choose of a translation. Can be hashed, as answers are kept by it."""

    glossary: Glossary | None = None  # of a model that takes one


def glossary_of(options: SearchOptions | None) -> Glossary | None:
    """The glossary of a translation's options."""
    return options.glossary if isinstance(options, TranslationOptions) else None


class Alternative(NamedTuple):
    """One translation, and the score by which it is ranked.

    The score is the mean over the sentences of log p / length ** length_penalty.
    """

    text: str
    score: float


@dataclass(frozen=True)
class SplitTexts:
    """Texts as rows of source tokens, and how they are put together again."""

    splits: list[SplitText]
    counts: list[list[int]]  # text by text, how many rows each sentence became
    rows: list[list[int]]
    # Row by row, its sentence with what its placeholders stand for; none of a model without them.
    kept: Sequence[Masked] = ()

    def join(self, translated: Sequence[Sequence[Alternative]]) -> list[list[Alternative]]:
        """Each text's alternatives, best first, from those of each row.

        The nth of a text is made of the nth of each row, or of a row's last where it has fewer.
        """
        results: list[list[Alternative]] = []
        position = 0
        for split, numbers in zip(self.splits, self.counts, strict=True):
            rows = translated[position : position + sum(numbers)]
            if self.kept:
                rows = [
                    [one._replace(text=self.shown(position + i, one.text)) for one in ranked]
                    for i, ranked in enumerate(rows)
                ]
            position += len(rows)
            results.append(
                [
                    self._joined(split, numbers, [row[min(n, len(row) - 1)] for row in rows])
                    for n in range(max(len(row) for row in rows))
                ]
            )
        return results

    def shown(self, row: int, text: str, whole: bool = True) -> str:
        """What the decoder wrote for a row, with what its placeholders stand for.

        whole: whether it has ended.
        """
        return self.kept[row].shown(text, whole) if self.kept else text

    @staticmethod
    def _joined(split: SplitText, numbers: list[int], parts: list[Alternative]) -> Alternative:
        texts = iter(part.text for part in parts)
        text = split.join([" ".join(next(texts) for _ in range(n)) for n in numbers])
        return Alternative(text, sum(part.score for part in parts) / len(parts))


class TranslationPipeline:
    """A translator ready to answer. Thread-safe."""

    def __init__(self, artifact: Artifact, options: PipelineOptions | None = None) -> None:
        """Raises TypeError for an artifact of another task, ArtifactError for its list of forms."""
        if not isinstance(artifact.manifest, TranslationManifest):
            raise TypeError(f"{artifact.name} is a {artifact.manifest.task} model")
        self.artifact = artifact
        self.manifest = artifact.manifest
        self.languages = self.manifest.languages
        self.options = options or PipelineOptions()
        # Those that are decoded, and as many again that take their places.
        self.full_rows = 2 * self.options.max_decoding_rows
        self._facts = self.manifest.decoding
        self._symbols, self._keeper = _keeper(artifact, self.options.correct_spelling)
        self._symbol_tokens = frozenset(map(artifact.tokenizer.id_of, self._symbols))
        threads = self.options.threads
        self._decoder = Decoder(
            open_session(artifact.graph_path("encoder"), threads),
            open_session(artifact.graph_path("decoder"), threads),
            self._facts.states,
            self._facts.memory,
            BOS_ID,
        )
        reserved = self.options.max_decoding_rows // _RESERVED_SHARE
        self._thread = EngineThread(
            self._engine(self._alternatives, reserved, self.options.measures(artifact.name)),
            f"{artifact.name}-{artifact.version}",
            _NICENESS,
        )

    def translate(self, texts: Sequence[str], options: SearchOptions | None = None) -> list[str]:
        """The translation of each text, with its own white space and line breaks.

        Raises TextError, which names the text, where one holds nothing to read.
        """
        return [best[0].text for best in self.alternatives(texts, options)]

    def alternatives(
        self, texts: Sequence[str], options: SearchOptions | None = None
    ) -> list[list[Alternative]]:
        """The translations of each text that the options ask for, best first. Raises TextError."""
        split = self.split(texts, glossary_of(options))
        return split.join(self._compute(split.rows, options, self._alternatives))

    def translate_sentences(
        self, sentences: Sequence[str], options: SearchOptions | None = None
    ) -> list[str]:
        """The translation of each sentence, taken as it stands. Raises TextError."""
        masked = [self.masked(sentence, glossary_of(options)) for sentence in sentences]
        rows = [self._tokens(i, sentence.text) for i, sentence in enumerate(masked)]
        best = self._compute(rows, options, self._alternatives)
        texts = [ranked[0].text for ranked in best]
        if self._keeper is None:
            return texts
        return [one.shown(text) for one, text in zip(masked, texts, strict=True)]

    def search(
        self, rows: Sequence[Sequence[int]], options: SearchOptions | None = None
    ) -> list[list[Hypothesis]]:
        """The hypotheses of each row of source tokens (end included), best first."""
        return self._compute(rows, options, self._hypotheses)

    @property
    def attends(self) -> bool:
        """Whether the decoder looks at the source while it writes."""
        return bool(self._facts.memory)

    def attention(
        self, rows: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]
    ) -> list[Array]:
        """What the decoder attends to while it writes the target of each row of source tokens.

        Weights (target tokens x source tokens) for each row; targets without begin and end. To be
        called only where it `attends`.
        """
        options = self.options
        return forced_attention(
            self._decoder, rows, targets, options.max_decoding_rows, options.max_batch_tokens
        )

    @property
    def takes_glossary(self) -> bool:
        """Whether it was trained with placeholders, without which no term can be carried over."""
        return self._keeper is not None

    def split(self, texts: Sequence[str], glossary: Glossary | None = None) -> SplitTexts:
        """Texts as rows of source tokens. Raises TextError, which names the text."""
        splits = [self._split(i, text) for i, text in enumerate(texts)]
        rows: list[list[int]] = []
        counts: list[list[int]] = []
        kept: list[Masked] = []
        for i, split in enumerate(splits):
            masked = [self.masked(sentence, glossary) for sentence in split.sentences]
            parts = [self._rows(i, sentence.text) for sentence in masked]
            if not any(parts):
                raise TextError(i, "nothing to read is left of it; send at least one word")
            counts.append([len(part) for part in parts])
            for sentence, part in zip(masked, parts, strict=True):
                rows += part
                kept += [sentence] if len(part) == 1 else map(self._part(sentence), part)
        return SplitTexts(splits, counts, rows, () if self._keeper is None else kept)

    def masked(self, sentence: str, glossary: Glossary | None = None) -> Masked:
        """A sentence with placeholders for what is to be kept; as it is, where there are none."""
        if self._keeper is None:
            return Masked(sentence, {})
        return read(sentence, self._keeper, glossary, self._symbols)

    def _part(self, sentence: Masked) -> Callable[[Sequence[int]], Masked]:
        """Makes of a part's tokens what that part has of its sentence."""
        return lambda tokens: sentence.only(self.artifact.tokenizer.decode(tokens))

    def submit(self, job: Job, rows: Sequence[Sequence[int]]) -> None:
        """Have rows translated; each result is a list of alternatives, best first.

        Of a job that is raw, a list of hypotheses, in tokens.
        """
        self._thread.submit(job, job.items(rows))

    def close(self) -> None:
        """End the thread. To be called when all jobs have been answered."""
        self._thread.close()

    def _compute(
        self,
        rows: Sequence[Sequence[int]],
        options: SearchOptions | None,
        finish: Callable[[Item], Any],
    ) -> list[Any]:
        """The results of rows, in this thread: the engine of a service, for one job."""
        if not rows:
            return []
        engine = self._engine(finish)
        job = Job(lambda events: None, bulk=True, options=options or SearchOptions())
        engine.push(job, job.items(rows))
        while job.remaining:
            for event in engine.step():
                if isinstance(event, Failed):
                    raise event.error
        return job.results

    def _engine(
        self,
        finish: Callable[[Item], Any],
        reserved_rows: int = 0,
        measures: Measures | None = None,
    ) -> DecodingEngine:
        return DecodingEngine(
            self._decoder,
            self._begin,
            finish,
            self.options.max_decoding_rows,
            self.options.max_batch_tokens,
            reserved_rows,
            measures,
        )

    def _begin(self, item: Item) -> SequenceSearch:
        facts, options = self._facts, _options(item)
        limit = int(facts.max_length_factor * len(item.tokens)) + facts.max_length_offset
        if options.max_length is not None:
            limit = min(limit, options.max_length)
        penalty = facts.length_penalty if options.length_penalty is None else options.length_penalty
        kept = self._symbol_tokens.intersection(item.tokens)
        # What a search passes over leaves it fewer tokens to choose from.
        passed_over = len(self._symbol_tokens) + 1 if kept else 0
        words = self.manifest.tokenizer.vocabulary - SPECIAL_TOKENS - passed_over
        search = begin_search(min(options.beam_size, words), penalty, limit, EOS_ID)
        return KeepingSearch(search, kept, self._symbol_tokens, EOS_ID) if kept else search

    def _hypotheses(self, item: Item) -> list[Hypothesis]:
        search = item.search
        assert search is not None
        hypotheses = search.hypotheses()
        limit = search.max_length
        if limit == _options(item).max_length:
            # A caller who sets a limit wants the best beginning of a translation. Where the
            # model's own limit cuts, or a loop, the search has lost its way, and one that ended
            # by itself is better.
            hypotheses.sort(key=lambda h: (not h.complete and len(h.tokens) < limit, -h.score))
        return hypotheses

    def _alternatives(self, item: Item) -> list[Alternative] | list[Hypothesis]:
        decode = self.artifact.tokenizer.decode
        hypotheses = self._hypotheses(item)[: _options(item).num_hypotheses]
        item.job.tokens_out += len(hypotheses[0].tokens)
        if item.job.raw:
            return hypotheses
        return [Alternative(decode(h.tokens), h.score) for h in hypotheses]

    def _split(self, index: int, text: str) -> SplitText:
        try:
            return split_sentences(encodable(text), self.languages.source)
        except UnencodableText as error:
            raise TextError(index, str(error)) from None

    def _tokens(self, index: int, sentence: str) -> list[int]:
        try:
            return self.artifact.tokenizer.encode(sentence)
        except UnencodableText as error:
            raise TextError(index, str(error)) from None

    def _rows(self, index: int, sentence: str) -> list[list[int]]:
        """A sentence as one row of tokens, or as several where it is too long for one.

        A sentence that holds nothing to read gives no row.
        """
        *tokens, end = self._tokens(index, sentence)
        limit = self.options.max_source_tokens - 1
        rows = []
        while tokens:
            cut = self._cut(tokens, limit) if len(tokens) > limit else len(tokens)
            rows.append([*tokens[:cut], end])
            tokens = tokens[cut:]
        return rows

    def _cut(self, tokens: Sequence[int], limit: int) -> int:
        """Where a long row is cut: before the last word that begins in its second half.

        A word longer than that is cut between two characters, never between the bytes of one.
        """
        pieces = self.artifact.tokenizer.pieces(tokens[: limit + 1])
        for position in range(limit, limit // 2, -1):
            if pieces[position].startswith(WORD_START):
                return position
        for position in range(limit, limit // 2, -1):
            if not _CONTINUATION_BYTE.fullmatch(pieces[position]):
                return position
        return limit


def _keeper(artifact: Artifact, correct: bool) -> tuple[Sequence[str], Keeper | None]:
    """The placeholders of a model, and what finds their places.

    Raises ArtifactError where its list of forms is none.
    """
    manifest = artifact.manifest
    assert isinstance(manifest, TranslationManifest)
    facts = manifest.placeholders
    if facts is None:
        return (), None
    words = (artifact.path / facts.words).read_text(encoding="utf-8").split("\n")
    known = KnownWords.of(words, manifest.languages.source)
    if facts.spelling is None or not correct:
        return facts.symbols, Keeper(known)
    path = artifact.path / facts.spelling
    try:
        forms = forms_in(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ArtifactError(
            f"{path} has to hold a word, a tab and a count in each line: {error}"
        ) from error
    return facts.symbols, Keeper(known, Spelling(forms, known))


def _options(item: Item) -> SearchOptions:
    options = item.job.options
    return options if isinstance(options, SearchOptions) else SearchOptions()
