"""Generation: texts that follow prompts, alone and among others, as a whole and bit by bit."""

import io
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sentencepiece
from hypothesis import example, given
from hypothesis import strategies as st

from service.artifact import EOS_ID, GenerationExample, Tokenizer, read_artifact
from service.errors import ProofError, TextError, TextTooLong
from service.pipelines.continuation import Continuation, Prompt
from service.pipelines.generation import GenerationPipeline, SamplingOptions
from service.pipelines.loading import load_pipeline
from service.pipelines.options import PipelineOptions
from service.pipelines.proof import prove
from service.runtime.job import Event, Finished, Job, Token
from tests import tiny_models

PROMPTS = ["", "a good film", "the cat sat on the mat", "zwei Männer läuft", "😀", "a good film "]


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GenerationPipeline]:
    path = tiny_models.publish_generator(tmp_path_factory.mktemp("generator"))
    pipeline = GenerationPipeline(read_artifact(path), PipelineOptions(max_decoding_rows=5))
    yield pipeline
    pipeline.close()


class Receiver:
    """Waits for the results of a job, and keeps its tokens."""

    def __init__(self) -> None:
        self.tokens: list[int | None] = []
        self.done = threading.Event()

    def __call__(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Token):
                self.tokens.append(event.token)
            else:
                assert isinstance(event, Finished), event
                self.done.set()


def submit(
    pipeline: GenerationPipeline, prompt: str, stream: bool = False, **options: Any
) -> tuple[Job, Receiver]:
    receiver = Receiver()
    job = Job(receiver, options=SamplingOptions(**options), stream=stream)
    pipeline.submit(job, [pipeline.read(prompt).tokens])
    return job, receiver


def test_a_text_alone_is_the_text_among_random_mates(generator: GenerationPipeline) -> None:
    # More than fit at once, of different lengths, with and without a temperature.
    random = np.random.default_rng(2)
    asked: list[dict[str, Any]] = [
        {
            "max_tokens": int(random.integers(1, 30)),
            "temperature": float(random.choice([0.0, 0.7, 1.5])),
            "top_k": int(random.integers(1, 60)),
            "top_p": float(random.choice([0.8, 1.0])),
            "seed": seed,
        }
        for seed in range(24)
    ]
    jobs = [
        submit(generator, PROMPTS[i % len(PROMPTS)], **options) for i, options in enumerate(asked)
    ]
    for i, ((job, receiver), options) in enumerate(zip(jobs, asked, strict=True)):
        assert receiver.done.wait(60)
        alone = generator.generate([PROMPTS[i % len(PROMPTS)]], SamplingOptions(**options))
        prompt = generator.read(PROMPTS[i % len(PROMPTS)])
        assert generator.written(prompt, job.results[0]) == alone[0]
        assert alone[0].tokens <= options["max_tokens"]


def test_a_stream_says_every_token_and_no_token_of_the_prompt(
    generator: GenerationPipeline,
) -> None:
    for length in (1, 7):
        job, receiver = submit(generator, "a good film", True, max_tokens=length, seed=4)
        assert receiver.done.wait(60)
        *tokens, end = receiver.tokens
        assert end is None
        assert tokens == job.results[0].tokens
        assert job.first_token >= job.started > 0


def test_each_prompt_of_a_list_draws_for_itself(generator: GenerationPipeline) -> None:
    written = generator.generate(["a film"] * 3, SamplingOptions(max_tokens=12, seed=1))
    assert len({one.text for one in written}) == 3
    assert written == generator.generate(["a film"] * 3, SamplingOptions(max_tokens=12, seed=1))


def test_a_text_ends_before_a_stop_text(generator: GenerationPipeline) -> None:
    options = SamplingOptions(max_tokens=40, seed=1)
    (whole,) = generator.generate(["a good film"], options)
    stop = whole.text[20:23]
    (cut,) = generator.generate(
        ["a good film"], SamplingOptions(max_tokens=40, seed=1, stop=("no such thing", stop))
    )
    assert cut.finish_reason == "stop"
    assert cut.text == whole.text[: whole.text.index(stop)]
    assert cut.tokens < whole.tokens


def test_a_stop_text_may_begin_with_the_space_of_the_prompt(
    generator: GenerationPipeline,
) -> None:
    for seed in range(100):
        (whole,) = generator.generate(["a good film"], SamplingOptions(max_tokens=6, seed=seed))
        if whole.text[:1] == " " and len(whole.text) > 2:
            break
    options = SamplingOptions(max_tokens=6, seed=seed, stop=(whole.text[:3],))
    for prompt in ("a good film", "a good film "):
        (cut,) = generator.generate([prompt], options)
        assert (cut.text, cut.finish_reason) == ("", "stop")


def test_a_model_may_end_a_text(generator: GenerationPipeline) -> None:
    options = SamplingOptions(max_tokens=200, temperature=3.0, top_k=340, seed=2)
    written = generator.generate([""] * 8, options)
    assert {"end", "length"} >= {one.finish_reason for one in written}
    assert any(one.finish_reason == "end" and one.tokens < 200 for one in written)


def test_prompts_are_checked(generator: GenerationPipeline, tmp_path: Path) -> None:
    with pytest.raises(TextError, match="surrogate"):
        generator.read("\ud800")
    path = tiny_models.publish_generator(tmp_path)
    small = GenerationPipeline(read_artifact(path), PipelineOptions(max_prompt_tokens=3))
    with pytest.raises(TextTooLong, match="the limit is 3"):
        small.read("a good film about a bad dog")


def closed_tokenizer() -> Tokenizer:
    """Of three words, a full stop behind a word, and nothing else."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["Doug saw Jane"]),
        model_writer=model,
        vocab_size=8,
        model_type="bpe",
        normalization_rule_name="identity",
        user_defined_symbols=["▁Doug", "▁saw", "▁Jane", "."],
        hard_vocab_limit=False,
        pad_id=0,
        bos_id=1,
        eos_id=2,
        unk_id=3,
        num_threads=1,
        minloglevel=2,
    )
    return Tokenizer.from_bytes(model.getvalue())


def test_white_space_is_a_space_to_a_closed_vocabulary(tmp_path: Path) -> None:
    artifact = read_artifact(tiny_models.publish_generator(tmp_path))
    closed = GenerationPipeline(replace(artifact, text_tokenizer=closed_tokenizer()))
    for prompt in ("Doug saw\nJane", "Doug\tsaw\r\n\r\nJane", "\nDoug saw\u2028Jane\n"):
        assert closed.read(prompt) == Prompt(prompt, closed.read("Doug saw Jane").tokens)
    with pytest.raises(TextError, match='the model does not know "Bob"'):
        closed.read("Doug saw\nBob")
    closed.close()


@pytest.mark.parametrize("prompt", [".", " .", "Doug saw Jane .", "Doug saw Jane. ."])
def test_what_a_closed_vocabulary_knows_behind_a_word_alone_is_named(
    tmp_path: Path, prompt: str
) -> None:
    artifact = read_artifact(tiny_models.publish_generator(tmp_path))
    closed = GenerationPipeline(replace(artifact, text_tokenizer=closed_tokenizer()))
    with pytest.raises(TextError, match=r'does not know "\." at the beginning of a word: it has'):
        closed.read(prompt)
    closed.close()


def test_a_version_must_reproduce_its_examples(tmp_path: Path) -> None:
    options = SamplingOptions(max_tokens=5, temperature=0)
    pipeline = load_pipeline(read_artifact(tiny_models.publish_generator(tmp_path)))
    assert isinstance(pipeline, GenerationPipeline)
    (right,) = pipeline.generate(["a cat"], options)
    good = GenerationExample(prompt="a cat", text=right.text, max_tokens=5)
    prove(load_pipeline(read_artifact(tiny_models.publish_generator(tmp_path, examples=(good,)))))
    wrong = good.model_copy(update={"text": "nothing of the kind"})
    bad = tiny_models.publish_generator(tmp_path, examples=(good, wrong))
    with pytest.raises(ProofError, match="nothing of the kind"):
        prove(load_pipeline(read_artifact(bad)))


# --- text


def pieces() -> Tokenizer:
    return tiny_models.tokenizer()


@given(
    prompt=st.sampled_from(PROMPTS),
    text=st.text(alphabet="a godbfilm.,!äß😀\n", max_size=30),
    size=st.integers(0, 40),
)
def test_what_tokens_add_is_what_they_say_together(prompt: str, text: str, size: int) -> None:
    tokenizer = pieces()
    before = tokenizer.encode(prompt)
    tokens = [token for token in tokenizer.encode(text) if token != EOS_ID][:size]
    continuation = Continuation(tokenizer, Prompt(prompt, before))
    together = "".join(continuation.feed(token) for token in tokens) + continuation.end()
    whole = tokenizer.decode([*before, *tokens])[len(tokenizer.decode(before)) :]
    if prompt.endswith(" "):
        whole = whole.removeprefix(" ")
    assert together == whole


@given(
    text=st.text(alphabet="ab c", min_size=1, max_size=30),
    stops=st.lists(st.text(alphabet="ab c", min_size=1, max_size=4), min_size=1, max_size=3),
    spaced=st.booleans(),
)
@example(text="ab c", stops=[" ab"], spaced=True)
@example(text="a", stops=[" b"], spaced=True)
@example(text="baa", stops=["a", "baa"], spaced=False)
def test_a_stop_text_is_never_shown(text: str, stops: list[str], spaced: bool) -> None:
    # Behind a prompt with a space at its end, that space counts as the first of a stop text.
    tokenizer = pieces()
    tokens = tokenizer.encode(text)
    before = tokenizer.encode("a good film") if spaced else []
    plain = Continuation(tokenizer, Prompt("", before))
    whole = "".join(map(plain.feed, tokens)) + plain.end()
    prompt = Prompt("a good film " if spaced else "", before)
    cut = Continuation(tokenizer, prompt, stops)
    parts = [cut.feed(token) for token in tokens]
    shown = "".join(parts) + cut.end()
    # The first that is whole ends it, and of several whole at once the one that began first.
    ended = next(
        (end for end in range(len(whole) + 1) if any(whole[:end].endswith(stop) for stop in stops)),
        None,
    )
    assert cut.stopped == (ended is not None)
    begins = [ended - len(stop) for stop in stops if ended and whole[:ended].endswith(stop)]
    wanted = whole[: min(begins)] if begins else whole
    assert shown == (wanted.removeprefix(" ") if spaced else wanted)
