"""Translation: sentences, tokens, batches by length, beam search, and the text joined again.

Thread-safe: holds sessions and facts, and no state between calls. Each text is split into
sentences that are translated as one batch; its white space and line breaks are its own again.
"""

import re
from collections.abc import Iterator, Sequence

from service.artifact import (
    BOS_ID,
    EOS_ID,
    Artifact,
    TranslationManifest,
    UnencodableText,
    encodable,
)
from service.errors import TextError
from service.pipelines.options import PipelineOptions
from service.pipelines.sentences import SplitText, split_sentences
from service.runtime.batches import batches_by_length
from service.runtime.decoder import Decoder
from service.runtime.search import BeamSearch, Hypothesis, SearchOptions
from service.runtime.session import open_session

WORD_START = "\N{LOWER ONE EIGHTH BLOCK}"  # how sentencepiece writes the space before a word
SPECIAL_TOKENS = 4  # pad, bos, eos and unk, of which none is a word
_CONTINUATION_BYTE = re.compile("<0x[89AB][0-9A-F]>")  # not the first of a character's UTF-8 bytes

__all__ = ["SearchOptions", "TranslationPipeline"]


class TranslationPipeline:
    """A translator ready to answer."""

    def __init__(self, artifact: Artifact, options: PipelineOptions | None = None) -> None:
        """Raises TypeError for an artifact of another task."""
        if not isinstance(artifact.manifest, TranslationManifest):
            raise TypeError(f"{artifact.name} is a {artifact.manifest.task} model")
        self.artifact = artifact
        self.manifest = artifact.manifest
        self.languages = self.manifest.languages
        self.options = options or PipelineOptions()
        self._facts = self.manifest.decoding
        threads = self.options.threads
        self._decoder = Decoder(
            open_session(artifact.graph_path("encoder"), threads),
            open_session(artifact.graph_path("decoder"), threads),
            self._facts.states,
            self._facts.memory,
            BOS_ID,
        )

    def translate(self, texts: Sequence[str], options: SearchOptions | None = None) -> list[str]:
        """The translation of each text, with its own white space and line breaks.

        Raises TextError, which names the text, where one holds nothing to read.
        """
        splits = [self._split(i, text) for i, text in enumerate(texts)]
        pieces: list[list[int]] = []  # the rows of all sentences
        counts: list[list[int]] = []  # text by text, how many rows each sentence became
        for i, split in enumerate(splits):
            rows = [self._rows(i, sentence) for sentence in split.sentences]
            if not any(rows):
                raise TextError(i, "nothing to read is left of it; send at least one word")
            counts.append([len(parts) for parts in rows])
            pieces.extend(row for parts in rows for row in parts)
        translated = iter(self._best(pieces, options))
        return [
            split.join([" ".join(next(translated) for _ in range(n)) for n in numbers])
            for split, numbers in zip(splits, counts, strict=True)
        ]

    def translate_sentences(
        self, sentences: Sequence[str], options: SearchOptions | None = None
    ) -> list[str]:
        """The translation of each sentence, taken as it stands. Raises TextError."""
        rows = [self._tokens(i, sentence) for i, sentence in enumerate(sentences)]
        return self._best(rows, options)

    def search(
        self, rows: Sequence[Sequence[int]], options: SearchOptions | None = None
    ) -> list[list[Hypothesis]]:
        """The hypotheses of each row of source tokens (end included), best first."""
        found: list[list[Hypothesis]] = [[] for _ in rows]
        for i, hypotheses in self._search(rows, options or SearchOptions()):
            found[i] = hypotheses
        return found

    def _best(self, rows: Sequence[Sequence[int]], options: SearchOptions | None) -> list[str]:
        # A request can hold 300,000 sentences of a letter each: only their texts are kept.
        texts = [""] * len(rows)
        for i, hypotheses in self._search(rows, options or SearchOptions()):
            texts[i] = self.artifact.tokenizer.decode(hypotheses[0].tokens)
        return texts

    def _search(
        self, rows: Sequence[Sequence[int]], options: SearchOptions
    ) -> Iterator[tuple[int, list[Hypothesis]]]:
        """Each row's index and hypotheses, batch by batch."""
        batches = batches_by_length(
            [len(row) for row in rows],
            max(1, self.options.max_batch_size // options.beam_size),
            self.options.max_batch_tokens,
        )
        for batch in batches:
            searches = [self._begin(len(rows[i]), options) for i in batch]
            self._decoder.decode([rows[i] for i in batch], searches)
            for i, search in zip(batch, searches, strict=True):
                hypotheses = search.hypotheses()
                if search.max_length == options.max_length:
                    # A caller who sets a limit wants the best beginning of a translation. Where the
                    # model's own limit cuts, the search has lost its way, and one that ended by
                    # itself is better.
                    hypotheses.sort(key=lambda h: -h.score)
                yield i, hypotheses

    def _begin(self, source_length: int, options: SearchOptions) -> BeamSearch:
        facts = self._facts
        limit = int(facts.max_length_factor * source_length) + facts.max_length_offset
        if options.max_length is not None:
            limit = min(limit, options.max_length)
        penalty = facts.length_penalty if options.length_penalty is None else options.length_penalty
        beam_size = min(options.beam_size, self.manifest.tokenizer.vocabulary - SPECIAL_TOKENS)
        return BeamSearch(beam_size, penalty, limit, EOS_ID)

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
