"""Continuous batching: what is decoded among others is what is decoded alone.

The tiny translator copies its source, so that a row which reads another's memory shows at once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.artifact import BOS_ID, EOS_ID, TranslationManifest, read_artifact
from service.runtime.decoder import Decoder
from service.runtime.decoding import ENCODED_TOKENS, JOIN_PATIENCE, DecodingEngine
from service.runtime.job import Event, Failed, Finished, Item, Job, Token
from service.runtime.search import Hypothesis, Search, SearchOptions, begin_search
from service.runtime.session import Array, BoundRun, Session, open_session

SHIPPED = Path(__file__).parents[3] / "models" / "translation-en-de" / "1"
WHO = ("A man", "Two children", "Three men in hard hats", "She", "A group of students")
DOES = (
    "is riding a bicycle.",
    "sleeps on the beach at night, near the river.",
    "is looking at a map in front of a large building while it rains!",
    "wants to buy a ticket at the station, but nobody is there.",
    "jumps over a fence, runs quickly across the wet grass and talks on the phone with two friends "
    "who are sitting behind a small blue car in the park.",
    "cooks.",
    "plays the guitar 🎸 for 10 €, doesn't he?",
)
few = settings(max_examples=40)


class WatchedSession(Session):
    """A session that notes the shapes of its runs, and fails or spoils one on demand."""

    def __init__(self, session: Session) -> None:
        super().__init__(session._session)
        self.runs: list[tuple[int, ...]] = []
        self.fail_next = False
        self.spoil_next = False

    def run(
        self, feeds: Mapping[str, Array], outputs: Sequence[str] | None = None
    ) -> dict[str, Array]:
        self.note(feeds)
        results = super().run(feeds, outputs)
        if self.spoil_next:
            self.spoil_next = False
            results = {name: tensor[..., :0] for name, tensor in results.items()}
        return results

    def bind(self, feeds: Mapping[str, Array], results: Mapping[str, Array]) -> BoundRun:
        return WatchedRun(self, feeds, results)

    def note(self, feeds: Mapping[str, Array]) -> None:
        if "k" in feeds:
            rows, source_time, _ = feeds["encoder_outputs"].shape
            assert len(feeds["token"]) == len(feeds["source_lengths"]) == rows
            self.runs.append((rows, source_time, int(feeds["k"][0])))
        else:
            self.runs.append(feeds["tokens"].shape)
        if self.fail_next:
            self.fail_next = False
            raise RuntimeError("the session failed")


class WatchedRun(BoundRun):
    """A bound run of such a session."""

    def __init__(
        self, watch: WatchedSession, feeds: Mapping[str, Array], results: Mapping[str, Array]
    ) -> None:
        super().__init__(watch._session, feeds, results)
        self._watch = watch

    def run(self) -> None:
        self._watch.note(self.feeds)
        super().run()


@dataclass
class Load:
    """What an engine measures of itself."""

    last: tuple[int, int] = (0, 0)
    most: int = 0
    steps: list[int] = field(default_factory=list)

    def batch(self, rows: int, tokens: int, seconds: float) -> None:
        assert tokens >= rows > 0

    def step(self, rows: int, seconds: float) -> None:
        self.steps.append(rows)

    def load(self, waiting: int, running: int) -> None:
        self.last = waiting, running
        self.most = max(self.most, running)


class Bench:
    """An engine over real graphs, and all that comes out of it."""

    def __init__(self, decoder: Decoder, max_rows: int = 32, reserved_rows: int = 0) -> None:
        assert isinstance(decoder.encoder, WatchedSession)
        assert isinstance(decoder.step, WatchedSession)
        self.encoder, self.decoder = decoder.encoder, decoder.step
        self.encoder.runs, self.decoder.runs = [], []
        self.load = Load()
        self.events: list[Event] = []
        self.engine = DecodingEngine(
            decoder, begin, finish, max_rows, 4096, reserved_rows, self.load
        )

    def push(
        self,
        *sources: Sequence[int],
        beam_size: int = 1,
        max_length: int | None = None,
        bulk: bool = False,
        stream: bool = False,
    ) -> Job:
        options = SearchOptions(beam_size=beam_size, max_length=max_length)
        job = Job(lambda events: None, bulk=bulk, options=options, stream=stream)
        self.engine.push(job, job.items(sources))
        return job

    def step(self) -> list[Event]:
        events = self.engine.step()
        self.events += events
        return events

    def run(self) -> list[Event]:
        """All events until nothing is left to do."""
        steps = 0
        while self.engine.delay(0.0) is not None:
            self.step()
            steps += 1
            assert steps < 10_000, "some of the work is never done"
        assert self.load.last == (0, 0)
        return self.events

    def ended(self, kind: type[Finished] | type[Failed]) -> list[Job]:
        return [event.job for event in self.events if isinstance(event, kind)]


def begin(item: Item) -> Search:
    options = item.job.options
    assert isinstance(options, SearchOptions)
    limit = options.max_length or 2 * len(item.tokens) + 10
    return begin_search(options.beam_size, 1.0, limit, EOS_ID)


def finish(item: Item) -> list[Hypothesis]:
    assert item.search is not None
    if item.tokens[0] == UNREADABLE:
        raise ValueError("no text can be made of it")
    return item.search.hypotheses()


UNREADABLE = 299


def open_decoder(path: Path) -> Decoder:
    artifact = read_artifact(path)
    assert isinstance(artifact.manifest, TranslationManifest)
    encoder, step = (
        WatchedSession(open_session(artifact.graph_path(name), threads=1))
        for name in ("encoder", "decoder")
    )
    facts = artifact.manifest.decoding
    return Decoder(encoder, step, facts.states, facts.memory, BOS_ID)


@pytest.fixture(scope="module")
def decoder(published_models: Path) -> Decoder:
    return open_decoder(published_models / "translation-en-de" / "1")


def alone(decoder: Decoder, source: Sequence[int], beam_size: int = 1) -> list[Hypothesis]:
    bench = Bench(decoder)
    job = bench.push(source, beam_size=beam_size)
    assert bench.run() == [Finished(job)]
    (hypotheses,) = job.results
    assert isinstance(hypotheses, list)
    return hypotheses


def source_of(length: int, first: int = 20) -> list[int]:
    """That many tokens, the end among them."""
    return [*range(first, first + length - 1), EOS_ID]


# No token twice: a copy that repeats itself would be cut.
sources = st.lists(st.integers(10, 298), min_size=1, max_size=14, unique=True).map(
    lambda tokens: [*tokens, EOS_ID]
)


@dataclass(frozen=True)
class Plan:
    """A job of the future."""

    sources: list[list[int]]
    beam_size: int
    bulk: bool
    comes: int  # before this step
    goes: int | None  # cancelled before this step


plans = st.lists(
    st.builds(
        Plan,
        st.lists(sources, min_size=1, max_size=4),
        st.integers(1, 4),
        st.booleans(),
        st.integers(0, 15),
        st.none() | st.integers(0, 30),
    ),
    min_size=1,
    max_size=6,
)


def carry_out(bench: Bench, planned: Sequence[Plan]) -> list[Job]:
    jobs: dict[int, Job] = {}
    step = 0
    while len(jobs) < len(planned) or bench.engine.delay(0.0) is not None:
        for i, plan in enumerate(planned):
            if plan.comes == step:
                jobs[i] = bench.push(*plan.sources, beam_size=plan.beam_size, bulk=plan.bulk)
            if plan.goes == step and i in jobs:
                jobs[i].cancelled = True
        bench.step()
        step += 1
    assert bench.load.last == (0, 0)
    return [jobs[i] for i in range(len(planned))]


@few
@given(planned=plans, max_rows=st.integers(1, 16))
def test_a_sequence_is_decoded_among_others_as_alone(
    decoder: Decoder, planned: list[Plan], max_rows: int
) -> None:
    bench = Bench(decoder, max_rows, reserved_rows=max_rows // 4)
    jobs = carry_out(bench, planned)
    finished = bench.ended(Finished)
    assert len(finished) == len(set(finished)) == len(bench.events)
    for job, plan in zip(jobs, planned, strict=True):
        if not job.cancelled:
            assert job in finished
        if job not in finished:
            continue
        for source, hypotheses in zip(plan.sources, job.results, strict=True):
            assert hypotheses == alone(decoder, source, beam_size=plan.beam_size)
            assert list(hypotheses[0].tokens) == source[:-1]


@few
@given(planned=plans, max_rows=st.integers(1, 16))
def test_a_batch_has_no_more_rows_than_it_may_have(
    decoder: Decoder, planned: list[Plan], max_rows: int
) -> None:
    bench = Bench(decoder, max_rows)
    carry_out(bench, planned)
    widest = max(plan.beam_size for plan in planned)  # it runs alone where there is no more room
    assert all(rows <= max(max_rows, widest) for rows, _, _ in bench.decoder.runs)
    assert [rows for rows, _, _ in bench.decoder.runs] == bench.load.steps


@pytest.mark.skipif(not SHIPPED.is_dir(), reason=f"{SHIPPED} is not there")
@pytest.mark.parametrize("beam_size", [1, 5])
def test_the_shipped_model_translates_among_others_as_alone(beam_size: int) -> None:
    decoder = open_decoder(SHIPPED)
    artifact = read_artifact(SHIPPED)
    rows = [artifact.tokenizer.encode(f"{who} {does}") for who in WHO for does in DOES]
    expected = [alone(decoder, row, beam_size=beam_size) for row in rows]
    generator = np.random.default_rng(beam_size)
    bench = Bench(decoder, max_rows=24)
    coming = generator.permutation([*range(len(rows))] * 2).tolist()
    jobs: list[tuple[int, Job]] = []
    while coming or bench.engine.delay(0.0) is not None:
        for _ in range(int(generator.integers(0, 4))):
            if coming:
                i = coming.pop()
                jobs.append((i, bench.push(rows[i], beam_size=beam_size)))
        if jobs and generator.random() < 0.1:
            jobs[int(generator.integers(len(jobs)))][1].cancelled = True
        bench.step()
    assert bench.load.most > 2
    answered = set(bench.ended(Finished))
    assert len(answered) > len(rows)
    for i, job in jobs:
        assert job.cancelled or job in answered
        if job in answered:
            assert job.results == [expected[i]]


def test_one_that_ends_leaves_and_the_others_stay(decoder: Decoder) -> None:
    bench = Bench(decoder)
    short, long = bench.push(source_of(2)), bench.push(source_of(11))
    assert bench.run() == [Finished(short), Finished(long)]
    assert bench.decoder.runs == [(2, 16, 1)] * 2 + [(1, 16, 1)] * 9


def test_memory_is_cut_to_the_longest_that_is_left(decoder: Decoder) -> None:
    bench = Bench(decoder)
    long, short = bench.push(source_of(11), max_length=2), bench.push(source_of(4))
    assert bench.run() == [Finished(long), Finished(short)]
    assert bench.decoder.runs == [(2, 16, 1)] * 2 + [(1, 8, 1)] * 2


def test_rows_are_hypotheses_and_k_is_that_of_the_widest(decoder: Decoder) -> None:
    bench = Bench(decoder)
    bench.push(source_of(3))
    bench.push(source_of(3), beam_size=4)
    bench.step()
    bench.step()
    assert bench.decoder.runs == [(2, 8, 5), (1 + 4, 8, 5)]


def test_what_comes_together_is_encoded_together(decoder: Decoder) -> None:
    bench = Bench(decoder)
    bench.push(*[source_of(n) for n in (5, 6, 40, 7)])
    bench.push(source_of(6))
    bench.step()
    assert bench.encoder.runs == [(1, 40), (4, 7)]
    assert bench.load.last == (0, 5)


def test_an_encoder_run_has_no_more_tokens_than_pay(decoder: Decoder) -> None:
    bench = Bench(decoder)
    long = [*[5] * ENCODED_TOKENS, EOS_ID]
    half = [*[6] * (ENCODED_TOKENS // 2 - 1), EOS_ID]
    job = bench.push(long, half, half, half, max_length=3)
    bench.step()
    # One that is longer than that is encoded all the same.
    assert bench.encoder.runs == [(1, len(long)), (2, len(half)), (1, len(half))]
    bench.run()
    assert bench.ended(Finished) == [job]


def test_few_wait_a_few_steps_for_company_and_no_longer(decoder: Decoder) -> None:
    bench = Bench(decoder)
    bench.push(*[source_of(30)] * 8)
    bench.step()
    late = bench.push(source_of(3))
    for _ in range(JOIN_PATIENCE):
        bench.step()
        assert not late.started
    bench.step()
    assert late.started
    assert bench.encoder.runs == [(8, 30), (1, 3)]


@pytest.mark.parametrize(("running", "coming"), [(8, 2), (0, 1), (4, 1)])
def test_enough_company_waits_for_nothing(decoder: Decoder, running: int, coming: int) -> None:
    bench = Bench(decoder)
    if running:
        bench.push(*[source_of(40)] * running)
        bench.step()
    late = [bench.push(source_of(3)) for _ in range(coming)]
    bench.step()
    assert all(job.started for job in late)


def test_each_that_waits_for_company_has_patience_of_its_own(decoder: Decoder) -> None:
    bench = Bench(decoder)
    bench.push(*[source_of(60)] * 12)
    bench.step()
    for _ in range(3):
        late, steps = bench.push(source_of(60)), 0
        while not late.started:
            bench.step()
            steps += 1
        assert steps == JOIN_PATIENCE + 1


def running_of(bench: Bench, job: Job) -> int:
    return sum(item.job is job for item in bench.engine._running)


def test_bulk_leaves_rows_for_small_requests(decoder: Decoder) -> None:
    bench = Bench(decoder, max_rows=8, reserved_rows=2)
    bulk = bench.push(*[source_of(30)] * 20, bulk=True)
    other = bench.push(*[source_of(30)] * 3, bulk=True)
    bench.step()
    assert running_of(bench, bulk) + running_of(bench, other) == 6
    small = bench.push(source_of(3))
    for _ in range(JOIN_PATIENCE + 1):
        bench.step()
    assert small.started
    assert bench.run()[0] == Finished(small)
    assert set(bench.ended(Finished)) == {small, bulk, other}
    assert max(bench.load.steps) == 7


def test_bulk_wider_than_its_share_runs_one_at_a_time(decoder: Decoder) -> None:
    bench = Bench(decoder, max_rows=6, reserved_rows=4)
    bulk = bench.push(*[source_of(5)] * 3, beam_size=4, bulk=True)
    assert bench.run() == [Finished(bulk)]
    assert bench.load.most == 1
    assert max(bench.load.steps) == 4


@pytest.mark.parametrize("reserved_rows", [0, 1, 3])
@pytest.mark.parametrize("beam_size", [1, 3, 6])
def test_wide_bulk_is_served_however_much_narrow_work_comes(
    decoder: Decoder, reserved_rows: int, beam_size: int
) -> None:
    bench = Bench(decoder, max_rows=4, reserved_rows=reserved_rows)
    for first in (20, 40, 60, 80):
        bench.push(source_of(5 + first // 20, first))
    bench.step()
    bulk = bench.push(source_of(4), beam_size=beam_size, bulk=True)
    for _ in range(200):
        if bulk.started:
            break
        bench.push(source_of(8))
        bench.step()
    assert bulk.started
    bench.run()
    assert bulk in bench.ended(Finished)


def test_a_search_wider_than_the_batch_runs_alone(decoder: Decoder) -> None:
    bench = Bench(decoder, max_rows=3)
    narrow = [bench.push(source_of(6, 50)) for _ in range(3)]
    wide = bench.push(source_of(4), beam_size=5)
    after = bench.push(source_of(6, 70))
    bench.run()
    assert bench.ended(Finished) == [*narrow, wide, after]
    assert wide.results == [alone(decoder, source_of(4), beam_size=5)]


def test_an_encoder_run_that_fails_takes_its_own_jobs_alone(decoder: Decoder) -> None:
    bench = Bench(decoder)
    running = bench.push(source_of(12))
    bench.step()
    bench.encoder.fail_next = True
    bad = bench.push(source_of(40), source_of(41))
    mate = bench.push(source_of(41))
    spared = bench.push(source_of(3))  # encoded in a batch of its own, because it is short
    assert {event.job for event in bench.step()} == {bad, mate}
    assert bench.ended(Failed) == [bad, mate]
    later = bench.push(source_of(5))
    bench.run()
    assert bench.ended(Failed) == [bad, mate]
    assert set(bench.ended(Finished)) == {running, spared, later}
    assert running.results == [alone(decoder, source_of(12))]


def test_the_rest_of_a_job_is_dropped_where_one_of_its_batches_failed(decoder: Decoder) -> None:
    bench = Bench(decoder, max_rows=2)
    bench.encoder.fail_next = True
    job = bench.push(*[source_of(5)] * 6)
    other = bench.push(source_of(3))
    (failure, success) = bench.run()
    assert isinstance(failure, Failed)
    assert (failure.job, str(failure.error)) == (job, "the session failed")
    assert success == Finished(other)
    assert bench.encoder.runs == [(2, 5), (1, 3)]


def test_a_step_that_fails_takes_those_that_run_and_no_others(decoder: Decoder) -> None:
    bench = Bench(decoder, max_rows=4)
    running = [bench.push(source_of(9), source_of(8)), bench.push(source_of(7), beam_size=2)]
    bench.step()
    waiting = bench.push(source_of(6), beam_size=3)
    bench.decoder.fail_next = True
    assert [event.job for event in bench.step()] == running
    assert bench.ended(Failed) == running
    assert bench.load.last == (1, 0)
    assert bench.run()[2:] == [Finished(waiting)]
    assert waiting.results == [alone(decoder, source_of(6), beam_size=3)]


def test_an_encoder_of_wrong_shapes_leaves_no_rows_behind(decoder: Decoder) -> None:
    bench = Bench(decoder)
    running = bench.push(source_of(9))
    bench.step()
    bench.encoder.spoil_next = True
    joining = bench.push(source_of(8))
    bench.step()
    assert bench.ended(Failed) == [running, joining]
    later = bench.push(source_of(7))
    assert bench.run()[-1] == Finished(later)
    assert later.results == [alone(decoder, source_of(7))]


def test_a_result_that_cannot_be_made_fails_its_own_job(decoder: Decoder) -> None:
    bench = Bench(decoder)
    bad = bench.push([UNREADABLE, EOS_ID], source_of(9))
    good = bench.push(source_of(2))  # ends at the same step
    longer = bench.push(source_of(5))
    events = bench.run()
    assert [event.job for event in events] == [bad, good, longer]
    assert [type(event) for event in events] == [Failed, Finished, Finished]


def test_when_all_that_run_are_cancelled_no_step_is_computed_for_them(decoder: Decoder) -> None:
    bench = Bench(decoder)
    jobs = [bench.push(source_of(20)) for _ in range(3)]
    bench.step()
    for job in jobs:
        job.cancelled = True
    assert bench.run() == []
    assert len(bench.decoder.runs) == 1


def test_one_cancelled_while_it_waits_is_never_encoded(decoder: Decoder) -> None:
    bench = Bench(decoder)
    bench.push(source_of(5)).cancelled = True
    assert bench.run() == []
    assert bench.encoder.runs == bench.decoder.runs == []


def test_clear_names_those_that_run_and_those_that_wait(decoder: Decoder) -> None:
    bench = Bench(decoder, max_rows=2)
    running, waiting = bench.push(*[source_of(9)] * 2), bench.push(source_of(5))
    bench.step()
    assert bench.load.last == (1, 2)
    assert set(bench.engine.clear()) == {running, waiting}
    assert bench.load.last == (0, 0)
    assert bench.engine.delay(0.0) is None
    later = bench.push(source_of(3))
    assert bench.run() == [Finished(later)]


def said(events: Sequence[Event], job: Job, rows: int) -> Iterator[list[int]]:
    """The tokens that were told of each row, whose end was told once."""
    for row in range(rows):
        tokens = [
            event.token
            for event in events
            if isinstance(event, Token) and event.job is job and event.index == row
        ]
        assert tokens[-1] is None
        assert None not in tokens[:-1]
        yield [token for token in tokens if token is not None]


@few
@given(
    streamed=st.lists(sources, min_size=1, max_size=4),
    others=st.lists(sources, max_size=3),
    max_length=st.none() | st.integers(1, 6),
)
def test_the_tokens_told_are_those_of_the_final_hypothesis(
    decoder: Decoder, streamed: list[list[int]], others: list[list[int]], max_length: int | None
) -> None:
    bench = Bench(decoder, max_rows=3)
    quiet = [bench.push(source) for source in others]
    job = bench.push(*streamed, stream=True, max_length=max_length)
    events = bench.run()
    assert Finished(job) in events
    assert all(Finished(other) in events for other in quiet)
    assert not any(isinstance(event, Token) and event.job in quiet for event in events)
    assert events.index(Finished(job)) > max(
        i for i, event in enumerate(events) if isinstance(event, Token)
    )
    for tokens, (hypothesis,) in zip(said(events, job, len(streamed)), job.results, strict=True):
        assert tuple(tokens) == hypothesis.tokens
        assert max_length is None or len(tokens) <= max_length


def test_a_loop_is_told_before_it_is_known_and_then_cut(decoder: Decoder) -> None:
    bench = Bench(decoder)
    job = bench.push([20, *[30, 31] * 20, EOS_ID], stream=True)
    (tokens,) = said(bench.run(), job, 1)
    ((hypothesis,),) = job.results
    assert hypothesis.tokens == (20, 30, 31)
    assert tokens == ([20, *[30, 31] * 20])[: len(tokens)]
    assert 12 <= len(tokens) <= 16


def test_the_times_of_a_job_are_in_their_order(decoder: Decoder) -> None:
    bench = Bench(decoder)
    job = bench.push(source_of(4), source_of(9))
    bench.run()
    assert 0 < job.started <= job.encoded <= job.first_token <= job.finished
