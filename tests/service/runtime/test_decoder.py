"""The decoder over real graphs: what is decoded together is what is decoded alone."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.artifact import BOS_ID, EOS_ID, read_artifact
from service.runtime.decoder import Decoder
from service.runtime.search import BeamSearch, Hypothesis
from service.runtime.session import Array, Session, open_session

few = settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
Task = tuple[list[int], int]  # the source tokens of a sentence, and its beam_size


class RecordingSession(Session):
    """A session that also notes the (rows, source_time, k) of every step."""

    def __init__(self, session: Session) -> None:
        super().__init__(session._session)
        self.steps: list[tuple[int, int, int]] = []

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        rows, source_time, _ = feeds["encoder_outputs"].shape
        assert len(feeds["token"]) == len(feeds["source_lengths"]) == rows
        self.steps.append((rows, source_time, int(feeds["k"][0])))
        return super().run(feeds)


def open_decoder(models: Path, step: Session | None = None) -> Decoder:
    artifact = read_artifact(models / "translation-en-de" / "1")
    encoder = open_session(artifact.graph_path("encoder"), threads=1)
    step = step or open_session(artifact.graph_path("decoder"), threads=1)
    return Decoder(encoder, step, ["position"], ["encoder_outputs"], BOS_ID)


@pytest.fixture(scope="module")
def decoder(published_models: Path) -> Decoder:
    """The tiny translator, which copies its source."""
    return open_decoder(published_models)


@pytest.fixture
def recorded(published_models: Path) -> tuple[Decoder, list[tuple[int, int, int]]]:
    """The same, with the shapes of its steps."""
    artifact = read_artifact(published_models / "translation-en-de" / "1")
    step = RecordingSession(open_session(artifact.graph_path("decoder"), threads=1))
    return open_decoder(published_models, step), step.steps


def search_for(source: Sequence[int], beam_size: int, max_length: int | None = None) -> BeamSearch:
    return BeamSearch(beam_size, 1.0, max_length or 2 * len(source) + 10, EOS_ID)


def decode(decoder: Decoder, tasks: Sequence[Task]) -> list[list[Hypothesis]]:
    searches = [search_for(source, beam_size) for source, beam_size in tasks]
    decoder.decode([source for source, _ in tasks], searches)
    assert all(search.done for search in searches)
    return [search.hypotheses() for search in searches]


def assert_same(together: list[Hypothesis], alone: list[Hypothesis]) -> None:
    assert [(h.tokens, h.complete) for h in together] == [(h.tokens, h.complete) for h in alone]
    assert [h.log_prob for h in together] == pytest.approx([h.log_prob for h in alone], abs=1e-4)


sources = st.lists(st.integers(10, 300), min_size=1, max_size=12).map(lambda ids: [*ids, EOS_ID])
tasks_of_a_batch = st.lists(st.tuples(sources, st.integers(1, 4)), min_size=1, max_size=5)


@few
@given(tasks=tasks_of_a_batch)
def test_a_batch_gives_what_each_gives_alone(decoder: Decoder, tasks: list[Task]) -> None:
    for task, together in zip(tasks, decode(decoder, tasks), strict=True):
        (alone,) = decode(decoder, [task])
        assert_same(together, alone)
        assert list(together[0].tokens) == task[0][:-1]  # the tiny translator copies


@few
@given(tasks=tasks_of_a_batch, data=st.data())
def test_the_order_of_a_batch_does_not_matter(
    decoder: Decoder, tasks: list[Task], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(tasks))))
    straight = decode(decoder, tasks)
    shuffled = decode(decoder, [tasks[i] for i in order])
    for place, i in enumerate(order):
        assert_same(shuffled[place], straight[i])


def test_many_sentences_of_mixed_lengths_and_beams(decoder: Decoder) -> None:
    tasks = [([*range(20, 20 + n), EOS_ID], 1 + n % 6) for n in (1, 40, 3, 17, 2, 29, 8)]
    for (source, _), hypotheses in zip(tasks, decode(decoder, tasks), strict=True):
        assert list(hypotheses[0].tokens) == source[:-1]
        assert hypotheses[0].complete


def test_a_finished_sentence_leaves_and_the_others_stay(
    recorded: tuple[Decoder, list[tuple[int, int, int]]],
) -> None:
    decoder, steps = recorded
    short, long = [20, EOS_ID], [*range(20, 30), EOS_ID]
    decoder.decode([short, long], [search_for(short, 1), search_for(long, 1)])
    assert steps == [(2, 11, 1)] * 2 + [(1, 11, 1)] * 9


def test_memory_is_cut_to_the_longest_sentence_left(
    recorded: tuple[Decoder, list[tuple[int, int, int]]],
) -> None:
    decoder, steps = recorded
    short, long = [20, 21, 22, EOS_ID], [*range(20, 30), EOS_ID]
    searches = [search_for(short, 1), search_for(long, 1, max_length=2)]
    decoder.decode([short, long], searches)
    assert steps == [(2, 11, 1)] * 2 + [(1, 4, 1)] * 2
    assert [search.hypotheses()[0].tokens for search in searches] == [(20, 21, 22), (20, 21)]


def test_rows_are_beams_and_k_is_that_of_the_widest(
    recorded: tuple[Decoder, list[tuple[int, int, int]]],
) -> None:
    decoder, steps = recorded
    source = [20, 21, EOS_ID]
    decoder.decode([source, source], [search_for(source, 1), search_for(source, 4)])
    assert steps[0] == (2, 3, 5)
    assert steps[1] == (1 + 4, 3, 5)
