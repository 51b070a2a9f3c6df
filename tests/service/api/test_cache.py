"""Answers that are given again: the bound, what a key holds, and what clients see of it."""

import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.api.cache import AnswerCache
from tests import tiny_models
from tests.service.api.live import PAIR, Live, live_server

TURNED = ("negative", "positive")  # the first label of the tiny classifier is for "good"
ENTRY = 400  # bytes that an entry costs besides its text and its answer


def size(text: str, answer_bytes: int = 0) -> int:
    return sys.getsizeof(text) + answer_bytes + ENTRY


def test_an_answer_is_known_until_there_is_no_room_for_it() -> None:
    cache = AnswerCache(3 * size("a"))
    for text in "abc":
        cache.put(text, None, text.upper(), 0)
    assert cache.get("a", None) == "A"  # now "b" was used longest ago
    cache.put("d", None, "D", 0)
    assert [cache.get(text, None) for text in "abcd"] == ["A", None, "C", "D"]


def test_the_size_of_an_answer_counts() -> None:
    cache = AnswerCache(3 * size("a"))
    for text in "abc":
        cache.put(text, None, text.upper(), 0)
    cache.put("d", None, "D", size("d"))
    assert [cache.get(text, None) for text in "abcd"] == [None, None, "C", "D"]
    cache.put("e", None, "E", 3 * size("e"))  # larger than the whole: nothing goes for it
    assert [cache.get(text, None) for text in "cde"] == ["C", "D", None]


def test_an_answer_that_is_put_again_counts_once() -> None:
    cache = AnswerCache(2 * size("a"))
    for answer in ("A", "B", "C"):
        cache.put("a", None, answer, 0)
    cache.put("b", None, "B", 0)
    assert (cache.get("a", None), cache.get("b", None)) == ("C", "B")


def test_options_are_part_of_the_key() -> None:
    cache = AnswerCache(10_000)
    cache.put("a", ("digest 1", None), "one", 0)
    assert cache.get("a", ("digest 2", None)) is None
    cache.put("a", ("digest 2", None), "two", 0)
    assert cache.get("a", ("digest 1", None)) == "one"


def test_without_bytes_it_keeps_nothing() -> None:
    cache = AnswerCache(0)
    assert not cache
    assert AnswerCache(1)
    cache.put("a", None, "A", 0)
    assert cache.get("a", None) is None


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 2000), st.booleans())))
def test_it_holds_what_was_used_last_within_its_bound(
    moves: list[tuple[str, int, bool]],
) -> None:
    bound = 4000
    cache = AnswerCache(bound)
    expected: dict[str, int] = {}  # the answer's bytes, the last used last
    for text, answer_bytes, put in moves:
        if put:
            if size(text, answer_bytes) > bound:
                continue
            cache.put(text, 0, answer_bytes, answer_bytes)
            expected.pop(text, None)
            expected[text] = answer_bytes
            while sum(size(t, b) for t, b in expected.items()) > bound:
                del expected[next(iter(expected))]
        else:
            assert cache.get(text, 0) == expected.get(text)
            if text in expected:
                expected[text] = expected.pop(text)


def lookups(live: Live, model: str = "sentiment") -> tuple[float, float]:
    """Hits and misses."""
    hit, miss = (
        live.metric("cache_lookups_total", model=model, result=result) for result in ("hit", "miss")
    )
    return hit, miss


def test_a_repeated_text_is_answered_without_the_model(published_models: Path) -> None:
    with live_server(published_models, cache_bytes=1 << 20) as live:
        gate = live.gates.of("classifier")
        gate.rows.clear()
        first = live.client.post("/predict", json={"inputs": "a good film"})
        again = live.client.post("/predict", json={"inputs": ["a bad film", "a good film"]})
        assert gate.rows == [1, 1]
        assert again.json()[1] == first.json()
        assert again.json()[0][0]["label"] == "negative"
        assert lookups(live) == (1, 2)
        gate.close()  # nothing can be computed any more
        known = live.client.post("/predict", json={"inputs": "a good film", "top_k": 1})
        assert known.json() == first.json()[:1]
        assert live.metric("texts_total", model="sentiment") == 4


def test_it_is_off_by_default(published_models: Path) -> None:
    with live_server(published_models) as live:
        gate = live.gates.of("classifier")
        gate.rows.clear()
        for _ in range(2):
            live.client.post("/predict", json={"inputs": "a good film"})
        assert gate.rows == [1, 1]
        assert lookups(live) == (0, 0)


def test_a_translation_is_known_by_all_its_options(published_models: Path) -> None:
    with live_server(published_models, cache_bytes=1 << 20) as live:

        def translate(**options: object) -> dict[str, object]:
            body = {"q": "the good cat", **PAIR, **options}
            answer: dict[str, object] = live.client.post("/translate", json=body).json()
            return answer

        whole = translate()
        cut = translate(max_length=2)
        several = translate(num_hypotheses=3)
        assert whole["translatedText"] != cut["translatedText"]
        assert lookups(live, "translation-en-de") == (0, 3)
        assert (translate(), translate(max_length=2)) == (whole, cut)
        assert translate(num_hypotheses=3) == several
        assert lookups(live, "translation-en-de") == (3, 3)
        translate(beam_size=1)
        translate(length_penalty=0.5)
        assert lookups(live, "translation-en-de") == (3, 5)


@pytest.mark.parametrize(
    ("text", "status", "message"),
    [
        ("\u200b", 400, "inputs[2]: nothing to read is left of it; send at least one word"),
        ("good " * 100, 413, "inputs[2]: the text has 200 tokens"),
    ],
)
def test_an_error_names_the_text_where_others_are_known(
    published_models: Path, text: str, status: int, message: str
) -> None:
    with live_server(published_models, cache_bytes=1 << 20, max_text_tokens=50) as live:
        live.client.post("/predict", json={"inputs": ["a", "b"]})
        answer = live.client.post("/predict", json={"inputs": ["a", "new", text, "b"]})
        assert answer.status_code == status
        assert answer.json()["error"].startswith(message)
        assert lookups(live) == (2, 4)


def test_a_text_that_fails_is_computed_again(published_models: Path) -> None:
    with live_server(published_models, cache_bytes=1 << 20) as live:
        gate = live.gates.of("classifier")
        gate.error = RuntimeError("no")
        assert live.client.post("/predict", json={"inputs": "good"}).status_code == 500
        gate.error = None
        assert live.client.post("/predict", json={"inputs": "good"}).status_code == 200


def test_a_new_version_answers_anew(models: Path) -> None:
    with live_server(models, cache_bytes=1 << 20, keep_versions=2) as live:

        def label(**version: int) -> str:
            answer = live.client.post("/predict", json={"inputs": "good", **version})
            return str(answer.json()[0]["label"])

        assert label() == "positive"
        tiny_models.publish_classifier(models, labels=TURNED)
        live.repository.rescan_everywhere()
        assert label() == "negative"
        assert (label(version=1), label(version=2)) == ("positive", "negative")
        assert lookups(live) == (2, 2)  # a version's answers are its own, however it is chosen


def test_a_version_that_was_replaced_under_its_number_answers_anew(models: Path) -> None:
    second = tiny_models.publish_classifier(models, labels=TURNED)
    with live_server(models, cache_bytes=1 << 20, keep_versions=2) as live:

        def label() -> str:
            answer = live.client.post("/predict", json={"inputs": "good", "version": 2})
            return str(answer.json()[0]["label"])

        assert label() == "negative"
        live.repository.change("sentiment", lambda routing: routing.activated(1))
        live.repository.change("sentiment", lambda routing: routing.with_unloaded("sentiment", 2))
        shutil.rmtree(second)
        assert tiny_models.publish_classifier(models, labels=("up", "down")) == second
        live.repository.change("sentiment", lambda routing: routing.with_loaded(2))
        assert label() == "up"
