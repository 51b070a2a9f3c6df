"""Generation: a prompt's tokens, sampling, and the text that follows.

`generate` computes in the caller's thread. For a service, `submit` hands jobs to an engine in
which the texts of all requests are taken on together, a token at a time: also what is given is
read so, and a long prompt holds nobody up.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from service.artifact import BOS_ID, EOS_ID, UNK_ID, Artifact, GenerationManifest, UnencodableText
from service.errors import TextError, TextTooLong, quote
from service.pipelines.continuation import Continuation, Prompt
from service.pipelines.options import PipelineOptions
from service.runtime.decoding import DecodingEngine
from service.runtime.engine import EngineThread
from service.runtime.generator import Generator, GeneratorBatch
from service.runtime.job import Failed, Item, Job
from service.runtime.measures import Measures
from service.runtime.sampling import FinishReason, Sampler, SamplingOptions
from service.runtime.session import open_session

_NICENESS = 5  # of the thread, as of one that translates
_WHITE_SPACE = re.compile(r"\s")
_RESERVED_SHARE = 4  # a fourth of the rows is kept free of bulk

__all__ = ["Generated", "GenerationPipeline", "Prompt", "Sampled", "SamplingOptions"]


class Sampled(NamedTuple):
    """What was drawn: tokens, without the end, and why there are no more."""

    tokens: list[int]
    finish_reason: FinishReason


class Generated(NamedTuple):
    """What follows a prompt, how many tokens were drawn for it, and why it ends there."""

    text: str
    tokens: int
    finish_reason: FinishReason


class GenerationPipeline:
    """A generator ready to answer. Thread-safe."""

    def __init__(self, artifact: Artifact, options: PipelineOptions | None = None) -> None:
        """Raises TypeError for an artifact of another task."""
        if not isinstance(artifact.manifest, GenerationManifest):
            raise TypeError(f"{artifact.name} is a {artifact.manifest.task} model")
        self.artifact = artifact
        self.manifest = artifact.manifest
        self.options = options or PipelineOptions()
        # Those that are decoded, and as many again that take their places.
        self.full_rows = 2 * self.options.max_decoding_rows
        self._generator = Generator(
            open_session(artifact.graph_path("generator"), self.options.threads),
            {name: self.manifest.units(name) for name in self.manifest.states},
            BOS_ID,
        )
        measures = StepMeasures(self.options.measures(artifact.name))
        self._thread = EngineThread(
            self._engine(self.options.max_decoding_rows // _RESERVED_SHARE, measures),
            f"{artifact.name}-{artifact.version}",
            _NICENESS,
        )

    def generate(
        self, prompts: Sequence[str], options: SamplingOptions | None = None
    ) -> list[Generated]:
        """What follows each prompt; each draws from a generator of its own.

        Raises TextError, which names the prompt.
        """
        options = options or SamplingOptions()
        read = [self.read(prompt, index) for index, prompt in enumerate(prompts)]
        results = self._compute([prompt.tokens for prompt in read], options)
        return [
            self.written(prompt, sampled, options.stop)
            for prompt, sampled in zip(read, results, strict=True)
        ]

    def read(self, prompt: str, index: int = 0) -> Prompt:
        """A prompt and its tokens; it may be empty. Raises TextError and TextTooLong.

        index: of the prompt among others, for the error.
        """
        tokenizer = self.artifact.tokenizer
        try:
            tokens = tokenizer.encode(prompt)
        except UnencodableText as error:
            raise TextError(index, str(error)) from None
        if UNK_ID in tokens:
            # To a closed vocabulary a line break is no space yet, as it is to training.
            tokens, offsets = tokenizer.encode_with_offsets(_WHITE_SPACE.sub(" ", prompt))
        if UNK_ID in tokens:
            unknown = tokens.index(UNK_ID)
            start, end = offsets[unknown]
            word, where = prompt[start:end].strip(), ""
            if not word:  # the space before a piece that begins no word
                start, end = offsets[unknown + 1]
                word, where = prompt[start:end], " at the beginning of a word"
            raise TextError(
                index,
                f"the model does not know {quote(word)}{where}: it has a closed vocabulary, in "
                "capital and small letters as they are",
            )
        limit = self.options.max_prompt_tokens
        if len(tokens) > limit:
            raise TextTooLong(
                index,
                f"the prompt has {len(tokens):,} tokens; the limit is {limit:,}: send its end",
            )
        return Prompt(prompt, tokens)

    def written(self, prompt: Prompt, sampled: Sampled, stop: Sequence[str] = ()) -> Generated:
        """What was drawn, as text: it goes right behind the prompt."""
        text = self.continuation(prompt, stop)
        parts = [text.feed(token) for token in sampled.tokens]
        return Generated("".join(parts) + text.end(), len(sampled.tokens), sampled.finish_reason)

    def continuation(self, prompt: Prompt, stop: Sequence[str] = ()) -> Continuation:
        """The text that follows a prompt, before the first token."""
        return Continuation(self.artifact.tokenizer, prompt, stop)

    def submit(self, job: Job, rows: Sequence[Sequence[int]]) -> None:
        """Have prompts continued, each by itself; each result is a `Sampled`."""
        self._thread.submit(job, job.items(rows))

    def close(self) -> None:
        """End the thread. To be called when all jobs have been answered."""
        self._thread.close()

    def _compute(self, rows: Sequence[Sequence[int]], options: SamplingOptions) -> list[Sampled]:
        """The results of rows, in this thread: the engine of a service, for one job."""
        if not rows:
            return []
        engine = self._engine()
        job = Job(lambda events: None, bulk=True, options=options)
        engine.push(job, job.items(rows))
        while job.remaining:
            for event in engine.step():
                if isinstance(event, Failed):
                    raise event.error
        return job.results

    def _engine(
        self, reserved_rows: int = 0, measures: "StepMeasures | None" = None
    ) -> DecodingEngine:
        return DecodingEngine(
            self._generator,
            self._begin,
            _sampled,
            self.options.max_decoding_rows,
            self.options.max_batch_tokens,
            reserved_rows,
            measures,
            GeneratorBatch,
        )

    def _begin(self, item: Item) -> Sampler:
        options = item.job.options
        assert isinstance(options, SamplingOptions)
        return Sampler(
            item.tokens,
            options,
            item.index,
            self.manifest.tokenizer.vocabulary,
            EOS_ID,
            self._stops(item, options.stop) if options.stop else None,
        )

    def _stops(self, item: Item, stop: Sequence[str]) -> Callable[[int], bool]:
        text = self.continuation(Prompt("", list(item.tokens)), stop)

        def stops(token: int) -> bool:
            text.feed(token)
            return text.stopped

        return stops


class StepMeasures:
    """Measures of an engine that encodes nothing: what joins is read in steps."""

    def __init__(self, measures: Measures) -> None:
        self.step = measures.step
        self.load = measures.load

    def batch(self, rows: int, tokens: int, seconds: float) -> None:
        """Nothing was computed."""


def _sampled(item: Item) -> Any:
    search = item.search
    assert isinstance(search, Sampler)
    item.job.tokens_out += len(search.tokens)
    return Sampled(search.tokens, search.finish_reason)
