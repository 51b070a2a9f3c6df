"""The searches against brute force, and each of their rules alone. No session takes part."""

import math
from collections.abc import Callable, Mapping, Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.runtime.search import (
    LOOP_BLOCK,
    LOOP_COPIES,
    LOOP_TOKENS,
    BeamSearch,
    GreedySearch,
    Hypothesis,
    Search,
    begin_search,
    looping,
    without_loop,
)

END = 2
WORDS = (3, 4)
VOCABULARY = (END, *WORDS)
Prefix = tuple[int, ...]
Distribution = Mapping[int, float]  # probability by token
Table = Callable[[Prefix], Distribution]


def begin(
    beam_size: int = 2, length_penalty: float = 0.0, max_length: int = 10, end_token: int = END
) -> BeamSearch:
    return BeamSearch(beam_size, length_penalty, max_length, end_token)


def best_continuations(table: Table, prefix: Prefix, k: int) -> tuple[list[float], list[int]]:
    """What the decoder's graph gives for a row: the k best, best first."""
    ranked = sorted(table(prefix).items(), key=lambda item: (-item[1], item[0]))[:k]
    return [math.log(p) if p else -math.inf for _, p in ranked], [token for token, _ in ranked]


def advance(search: Search, table: Table, prefixes: list[Prefix]) -> list[Prefix]:
    """One step; the prefixes that live on, as the step's parents and tokens make them."""
    rows = [best_continuations(table, prefix, search.candidates) for prefix in prefixes]
    step = search.advance([log_probs for log_probs, _ in rows], [tokens for _, tokens in rows])
    assert len(step.parents) == len(step.tokens) == search.rows <= search.beam_size
    assert all(0 <= parent < len(prefixes) for parent in step.parents)
    assert search.end_token not in step.tokens
    return [
        (*prefixes[parent], token) for parent, token in zip(step.parents, step.tokens, strict=True)
    ]


def run(search: Search, table: Table) -> list[Hypothesis]:
    """The hypotheses of a whole search."""
    prefixes: list[Prefix] = [()]
    while not search.done:
        assert len(prefixes) == search.rows
        assert len(set(prefixes)) == len(prefixes)
        prefixes = advance(search, table, prefixes)
    return search.hypotheses()


def every_ending(table: Table, max_length: int) -> dict[tuple[Prefix, bool], float]:
    """The log-probability of every sequence there is, by its tokens and whether it has an end."""
    endings: dict[tuple[Prefix, bool], float] = {}
    alive: dict[Prefix, float] = {(): 0.0}
    for length in range(1, max_length + 1):
        longer: dict[Prefix, float] = {}
        for prefix, total in alive.items():
            for token, probability in table(prefix).items():
                if token == END:
                    endings[prefix, True] = total + math.log(probability)
                elif length < max_length:
                    longer[*prefix, token] = total + math.log(probability)
                else:
                    endings[(*prefix, token), False] = total + math.log(probability)
        alive = longer
    return endings


def distribution(weights: tuple[int, ...]) -> Distribution:
    total = sum(weights)
    return {token: weight / total for token, weight in zip(VOCABULARY, weights, strict=True)}


@st.composite
def tables(draw: st.DrawFn, max_length: int = 3) -> Table:
    """A distribution over the vocabulary for every prefix, any of them as likely as any other."""
    prefixes: list[Prefix] = [()]
    for prefix in prefixes:
        if len(prefix) < max_length - 1:
            prefixes += [(*prefix, word) for word in WORDS]
    weights = st.tuples(*[st.integers(1, 50)] * len(VOCABULARY))
    return {prefix: distribution(draw(weights)) for prefix in prefixes}.__getitem__


@given(table=tables())
def test_a_beam_that_covers_everything_finds_every_ending(table: Table) -> None:
    expected = every_ending(table, max_length=3)
    found = run(begin(beam_size=100, max_length=3), table)
    assert {(h.tokens, h.complete): h.log_prob for h in found} == pytest.approx(expected)
    assert len(found) == len(expected)
    assert sum(math.exp(h.log_prob) for h in found) == pytest.approx(1)
    complete = [total for (_, ended), total in expected.items() if ended]
    assert found[0].complete
    assert found[0].log_prob == pytest.approx(max(complete))


@given(table=tables(), beam_size=st.integers(1, 12))
def test_without_a_length_penalty_no_narrower_beam_finds_better(
    table: Table, beam_size: int
) -> None:
    expected = every_ending(table, max_length=3)
    best = max(total for (_, ended), total in expected.items() if ended)
    for hypothesis in run(begin(beam_size=beam_size, max_length=3), table):
        total = expected[hypothesis.tokens, hypothesis.complete]
        assert hypothesis.log_prob == pytest.approx(total)
        if hypothesis.complete:
            assert hypothesis.log_prob <= best + 1e-9


@given(table=tables(max_length=5), length_penalty=st.floats(0, 2))
def test_greedy_takes_the_most_probable_token(table: Table, length_penalty: float) -> None:
    tokens: list[int] = []
    total = 0.0
    while len(tokens) < 5:
        (log_prob,), (token,) = best_continuations(table, tuple(tokens), 1)
        total += log_prob
        if token == END:
            break
        tokens.append(token)
    (found,) = run(begin_search(1, length_penalty, max_length=5, end_token=END), table)
    assert found.tokens == tuple(tokens)
    assert found.log_prob == pytest.approx(total)
    assert found.complete == (len(tokens) < 5)


# Few words and many copies, so that some paths end in a loop, some nearly, and most not.
paths = st.builds(
    lambda begin, block, copies, end: [*begin, *block * copies, *end],
    st.lists(st.sampled_from((3, 4, 5)), max_size=14),
    st.lists(st.sampled_from((3, 4, 5)), min_size=1, max_size=LOOP_BLOCK + 1),
    st.integers(0, 14),
    st.lists(st.sampled_from((3, 4, 5)), max_size=4),
)


def along(path: Sequence[int]) -> Table:
    """A decoder whose most probable tokens are those of a path, and then an end."""

    def table(prefix: Prefix) -> Distribution:
        length = len(prefix)
        best = path[length] if length < len(path) else END
        return {best: 0.6} | {token: 0.1 for token in (END, 3, 4, 5, 6) if token != best}

    return table


@given(path=paths, length_penalty=st.floats(0, 2), max_length=st.integers(1, 60))
@example(path=[3] * 14, length_penalty=1.0, max_length=14)
def test_a_beam_of_one_is_greedy(path: list[int], length_penalty: float, max_length: int) -> None:
    greedy = begin_search(1, length_penalty, max_length, END)
    beam = BeamSearch(1, length_penalty, max_length, END)
    assert isinstance(greedy, GreedySearch)
    assert greedy.candidates == beam.candidates == 1
    assert run(greedy, along(path)) == run(beam, along(path))


@given(tables(max_length=5), st.floats(0, 2))
def test_a_beam_of_one_is_greedy_over_any_table(table: Table, length_penalty: float) -> None:
    greedy = begin_search(1, length_penalty, 5, END)
    assert run(greedy, table) == run(BeamSearch(1, length_penalty, 5, END), table)


@given(path=paths, max_length=st.integers(1, 60))
def test_greedy_follows_its_path_to_the_end_a_loop_or_the_limit(
    path: list[int], max_length: int
) -> None:
    (found,) = run(begin_search(1, 1.0, max_length, END), along(path))
    loops = [n for n in range(1, min(len(path), max_length) + 1) if looping(path[:n])]
    if loops:
        assert found.tokens == without_loop(path[: loops[0]])
        assert not found.complete
    elif len(path) < max_length:
        assert found.tokens == tuple(path)
        assert found.complete
    else:
        assert found.tokens == without_loop(path[:max_length])
        assert not found.complete


@given(table=tables(max_length=4), beam_size=st.integers(1, 5), length_penalty=st.floats(0, 2))
def test_hypotheses_are_scored_by_length_and_sorted(
    table: Table, beam_size: int, length_penalty: float
) -> None:
    found = run(begin(beam_size, length_penalty, max_length=4), table)
    assert found
    for hypothesis in found:
        length = len(hypothesis.tokens) + hypothesis.complete
        assert 1 <= length <= 4
        assert hypothesis.score == pytest.approx(hypothesis.log_prob / length**length_penalty)
    ranks = [(not h.complete, -h.score) for h in found]
    assert ranks == sorted(ranks)


@given(table=tables(max_length=4), beam_size=st.integers(1, 5))
def test_a_search_repeats_itself(table: Table, beam_size: int) -> None:
    first = run(begin(beam_size, 1.0, max_length=4), table)
    assert run(begin(beam_size, 1.0, max_length=4), table) == first


def test_ties_go_to_the_earlier_hypothesis_and_the_lower_token() -> None:
    def uniform(prefix: Prefix) -> Distribution:
        return dict.fromkeys((*WORDS, 5), 1 / 3)

    search = begin(beam_size=2, max_length=3)
    prefixes = advance(search, uniform, [()])
    assert prefixes == [(3,), (4,)]
    prefixes = advance(search, uniform, prefixes)
    assert prefixes == [(3, 3), (3, 4)]
    assert advance(search, uniform, prefixes) == []
    assert [h.tokens for h in search.hypotheses()] == [(3, 3, 3), (3, 3, 4)]


def short_or_long(prefix: Prefix) -> Distribution:
    """One token of probability 0.3, or three of 0.7, 0.7 and 0.5, and an end each."""
    if not prefix:
        return {3: 0.3, 4: 0.7}
    if prefix[0] == 3 or len(prefix) == 3:
        return {END: 1.0, 3: 0.0, 4: 0.0}
    return {4: 0.7 if len(prefix) == 1 else 0.5, 3: 0.01, END: 0.0}


@pytest.mark.parametrize(
    ("length_penalty", "best", "length"), [(0.0, (3,), 2), (1.0, (4, 4, 4), 4), (2.0, (4, 4, 4), 4)]
)
def test_the_penalty_weighs_length_against_probability(
    length_penalty: float, best: Prefix, length: int
) -> None:
    found = run(begin(beam_size=3, length_penalty=length_penalty), short_or_long)
    assert found[0].tokens == best
    total = math.log(0.3) if best == (3,) else math.log(0.7 * 0.7 * 0.5)
    assert found[0].score == pytest.approx(total / length**length_penalty)


@pytest.mark.parametrize("beam_size", [1, 3])
def test_a_search_that_never_ends_is_cut(beam_size: int) -> None:
    found = run(begin(beam_size, max_length=4), lambda prefix: {3: 0.5, 4: 0.3, 5: 0.1, 6: 0.1})
    assert len(found) == beam_size
    assert found[0].tokens == (3, 3, 3, 3)
    assert found[0].log_prob == pytest.approx(4 * math.log(0.5))
    assert not any(h.complete for h in found)


def test_one_that_ended_by_itself_comes_before_a_likelier_one_that_was_cut() -> None:
    found = run(begin(beam_size=2, max_length=3), lambda prefix: {3: 0.8, END: 0.15, 4: 0.05})
    assert [h.complete for h in found] == sorted([h.complete for h in found], reverse=True)
    likeliest = max(found, key=lambda h: h.score)
    assert found[0].complete
    assert not likeliest.complete
    assert likeliest.tokens == (3, 3, 3)


def test_an_end_outside_the_beam_is_pruned() -> None:
    def table(prefix: Prefix) -> Distribution:
        return {3: 0.5, 4: 0.3, END: 0.2}

    narrow, wide = begin(beam_size=2), begin(beam_size=3)
    assert len(advance(narrow, table, [()])) == 2
    assert not narrow.hypotheses()
    assert len(advance(wide, table, [()])) == 2
    assert [h.tokens for h in wide.hypotheses()] == [()]


def test_an_end_behind_another_end_is_pruned_too() -> None:
    def table(prefix: Prefix) -> Distribution:
        if not prefix:
            return {3: 0.6, 4: 0.4}
        return {END: 0.6, 3: 0.3, 4: 0.1} if prefix[0] == 3 else {END: 0.4, 4: 0.35, 3: 0.25}

    search = begin(beam_size=2)
    prefixes = advance(search, table, [()])
    # Best first: an end 0.36, (3, 3) 0.18, an end 0.16, (4, 4) 0.14.
    assert advance(search, table, prefixes) == [(3, 3), (4, 4)]
    assert [h.tokens for h in search.hypotheses()] == [(3,)]


def test_an_end_among_the_best_frees_no_place_in_the_beam() -> None:
    search = begin(beam_size=2)
    prefixes = advance(search, lambda prefix: {END: 0.5, 3: 0.3, 4: 0.2}, [()])
    assert prefixes == [(3,), (4,)]
    assert [h.tokens for h in search.hypotheses()] == [()]


def test_a_search_ends_when_no_live_hypothesis_can_win() -> None:
    def table(prefix: Prefix) -> Distribution:
        if not prefix:
            return {END: 0.6, 3: 0.3, 4: 0.1}
        return {END: 0.9, 3: 0.06, 4: 0.04}

    search = begin(beam_size=2, max_length=50)
    found = run(search, table)
    assert [h.tokens for h in found] == [(), (3,)] + [(4,)] * (len(found) - 2)
    assert search.rows == 0


def test_a_fresh_search_has_one_row_and_a_finished_one_none() -> None:
    wide, greedy = begin(beam_size=4), begin_search(1, 1.0, 10, END)
    assert (wide.rows, wide.done, wide.candidates) == (1, False, 5)
    assert (greedy.rows, greedy.done, greedy.candidates) == (1, False, 1)
    for search in (begin(beam_size=4), begin_search(1, 1.0, 10, END)):
        step = search.advance([[0.0]], [[END]])
        assert (len(step.parents), len(step.tokens)) == (0, 0)
        assert (search.rows, search.done) == (0, True)
        assert [h.tokens for h in search.hypotheses()] == [()]


def test_more_candidates_than_a_search_needs_are_ignored() -> None:
    """A batch is asked for as many as its widest search needs."""
    wide = begin(beam_size=2)
    step = wide.advance([[-0.5, -1.0, -1.5, -1.6]], [[3, END, 5, 6]])
    assert (list(step.parents), list(step.tokens)) == ([0, 0], [3, 5])
    narrow = begin_search(1, 1.0, 10, END)
    assert list(narrow.advance([[-0.5, -0.6, -0.7]], [[3, 4, END]]).tokens) == [3]


@pytest.mark.parametrize("beam_size", [1, 3])
def test_what_has_no_probability_comes_last_and_breaks_nothing(beam_size: int) -> None:
    def table(prefix: Prefix) -> Distribution:
        return {4: 1.0, END: 0.0, 3: 0.0, 5: 0.0} if len(prefix) < 2 else {END: 1.0, 4: 0.0, 3: 0.0}

    best, *others = run(begin_search(beam_size, 1.0, 5, END), table)
    assert best == Hypothesis((4, 4), 0.0, 0.0, complete=True)
    assert all(hypothesis.log_prob == -math.inf for hypothesis in others)
    assert len(others) >= (beam_size > 1)


def ends_in(tokens: Sequence[int]) -> int:
    """The shortest block that a loop at the end repeats, by the letter of the definition."""
    for size in range(1, LOOP_BLOCK + 1):
        copies = max(LOOP_COPIES, -(-LOOP_TOKENS // size))
        if len(tokens) >= size * copies and (
            list(tokens[-size * copies :]) == list(tokens[-size:]) * copies
        ):
            return size
    return 0


@given(path=paths)
def test_a_loop_is_looked_for_at_every_fourth_length_and_is_found_there(path: list[int]) -> None:
    assert looping(path) == (len(path) % 4 == 0 and ends_in(path) > 0)


@given(path=paths)
def test_of_a_loop_one_copy_is_kept_and_without_one_everything(path: list[int]) -> None:
    kept = without_loop(path)
    size = ends_in(path)
    assert kept == tuple(path[: len(kept)])
    if not size:
        assert len(kept) == len(path)
        return
    assert len(kept) >= size
    going_on = list(kept)
    while len(going_on) < len(path):
        going_on.append(going_on[-size])
    assert going_on == path
    assert kept[-size - 1 : -size] != kept[-1:]  # no other copy of it before, nor a part of one


@given(
    begin=st.lists(st.integers(10, 13), max_size=11),
    block=st.lists(st.integers(3, 9), min_size=1, max_size=LOOP_BLOCK, unique=True),
    part=st.integers(0, LOOP_BLOCK),
)
def test_a_repeated_block_is_ended_and_one_copy_kept(
    begin: list[int], block: list[int], part: int
) -> None:
    path = [*begin, *block * 20]
    for length in range(len(path) - part, len(path) + 1):
        assert without_loop(path[:length]) == (*begin, *block)
    looks = [n for n in range(1, len(path) + 1) if looping(path[:n])]
    least = len(begin) + max(LOOP_COPIES * len(block), LOOP_TOKENS)
    assert least <= looks[0] <= least + 3


def test_a_text_may_repeat_itself_a_little() -> None:
    no, comma = 7, 8
    said_four_times = [no, comma] * 3 + [no]
    (found,) = run(begin_search(1, 1.0, 50, END), along(said_four_times))
    assert found.tokens == tuple(said_four_times)
    assert found.complete
    assert not any(looping([5] * n) for n in range(12))


@given(st.permutations(range(3, 40)))
def test_there_is_no_loop_where_nothing_is_repeated(tokens: list[int]) -> None:
    assert not any(looping(tokens[:n]) for n in range(len(tokens)))
    assert without_loop(tokens) == tuple(tokens)


@pytest.mark.parametrize("beam_size", [1, 2, 5])
@pytest.mark.parametrize("block", [(3,), (3, 4), (3, 4, 5), (3, 4, 5, 6, 7, 8, 9, 10)])
def test_a_decoder_that_repeats_itself_for_ever_ends_early(
    beam_size: int, block: tuple[int, ...]
) -> None:
    def table(prefix: Prefix) -> Distribution:
        best = block[(len(prefix) - 1) % len(block)] if prefix else 11
        return {best: 0.9} | dict.fromkeys(range(20, 26), 0.01)

    search = begin_search(beam_size, 1.0, 1000, END)
    prefixes: list[Prefix] = [()]
    steps = 0
    while not search.done:
        prefixes = advance(search, table, prefixes)
        steps += 1
    assert steps <= 8 * LOOP_BLOCK
    best = search.hypotheses()[0]
    assert not best.complete
    assert best.tokens == (11, *block)
