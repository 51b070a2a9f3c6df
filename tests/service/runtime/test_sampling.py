"""Sampling: what a prompt, a temperature, bounds and a seed do to what is drawn."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from service.runtime.sampling import Sampler, SamplingOptions

END = 9
SHARES = (0.5, 0.25, 0.15, 0.1)
LOG_PROBS = [[math.log(share) for share in SHARES]]
TOKENS = [[4, 5, 6, 7]]


def sampler(
    prompt: Sequence[int] = (),
    index: int = 0,
    stops: Callable[[int], bool] | None = None,
    **options: Any,
) -> Sampler:
    chosen = SamplingOptions(**options)
    return Sampler(prompt, chosen, index, 20, END, stops)


def drawn(count: int, **options: Any) -> Counter[int]:
    """How often each token is drawn in `count` steps."""
    one = sampler(max_tokens=count, **options)
    for _ in range(count):
        one.advance(LOG_PROBS, TOKENS)
    return Counter(one.tokens)


def test_a_prompt_is_read_before_anything_is_drawn() -> None:
    one = sampler([11, 12], temperature=0, max_tokens=2)
    seen = []
    while (step := one.advance(LOG_PROBS, TOKENS)).tokens:
        seen.append((list(step.tokens), one.silent, one.candidates))
    assert seen == [([11], True, 1), ([12], True, 1), ([4], False, 1)]
    assert one.tokens == [4, 4]
    assert (list(one.unsaid()), one.finish_reason) == ([4], "length")


def test_nothing_is_asked_of_the_graph_for_a_prompt_but_one_candidate() -> None:
    one = sampler([11], top_k=7)
    assert one.candidates == 1
    one.advance(LOG_PROBS, TOKENS)
    assert one.candidates == 7
    assert sampler(top_k=50).candidates == 20, "no more than there are tokens"
    assert sampler(top_k=50, temperature=0).candidates == 1


def test_the_end_is_no_token_of_the_text() -> None:
    one = sampler(temperature=0)
    assert one.advance([[0.0]], [[END]]).tokens == ()
    assert (one.tokens, list(one.unsaid()), one.finish_reason) == ([], [], "end")
    assert one.hypotheses()[0].complete


def test_a_stop_ends_it_with_the_token_that_made_it() -> None:
    one = sampler(temperature=0, stops=lambda token: len(one.tokens) == 3)
    while one.advance(LOG_PROBS, TOKENS).tokens:
        pass
    assert (one.tokens, list(one.unsaid()), one.finish_reason) == ([4, 4, 4], [4], "stop")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, SHARES),
        ({"top_k": 2}, (2 / 3, 1 / 3, 0, 0)),
        ({"top_k": 1}, (1, 0, 0, 0)),
        ({"temperature": 2.0}, tuple(math.sqrt(share) for share in SHARES)),
        ({"temperature": 0.5}, tuple(share**2 for share in SHARES)),
        ({"top_p": 0.6}, (2 / 3, 1 / 3, 0, 0)),
        ({"top_p": 0.75}, (2 / 3, 1 / 3, 0, 0)),
        ({"top_p": 0.2}, (1, 0, 0, 0)),
        ({"temperature": 1e-9}, (1, 0, 0, 0)),
    ],
)
def test_tokens_are_drawn_by_their_probabilities(
    options: dict[str, object], expected: Sequence[float]
) -> None:
    count = 4000
    found = drawn(count, seed=1, **options)
    total = sum(expected)
    for token, share in zip(TOKENS[0], expected, strict=True):
        # Five standard deviations; what cannot be drawn never is.
        p = share / total
        assert abs(found[token] - count * p) <= 5 * math.sqrt(count * p * (1 - p))


def test_what_is_impossible_is_never_drawn() -> None:
    one = sampler(seed=3, temperature=10.0, max_tokens=500)
    for _ in range(500):
        one.advance([[0.0, -1e9, -1e9]], [[4, 0, 1]])
    assert set(one.tokens) == {4}


def test_a_seed_and_a_place_in_the_request_decide_what_is_drawn() -> None:
    def text(**how: Any) -> list[int]:
        one = sampler(max_tokens=40, **how)
        while one.advance(LOG_PROBS, TOKENS).tokens:
            pass
        return one.tokens

    assert text(seed=5) == text(seed=5)
    assert text(seed=5) != text(seed=6)
    assert text(seed=5) != text(seed=5, index=1)
    assert text() != text(), "without a seed another one each time"
