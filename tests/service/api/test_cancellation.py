"""A client that hangs up: its work is dropped, and the others notice nothing."""

import socket
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.service.api.live import PAIR, Live, live_server

TRANSLATOR = "translation-en-de"


def ask(pool: ThreadPoolExecutor, live: Live, path: str, body: Any) -> "Future[httpx2.Response]":
    """A request whose client waits; it has been taken in when this returns."""
    model = "sentiment" if path == "/predict" else TRANSLATOR
    before = live.taken(model)
    answer = pool.submit(live.client.post, path, json=body)
    live.until(lambda: live.taken(model) > before)
    return answer


def hang_up(live: Live, connection: socket.socket, model: str) -> None:
    """Close a connection, and wait until the server has seen it."""
    before = live.metric("inference_requests_total", model=model, outcome="cancelled")
    connection.close()
    live.until(
        lambda: live.metric("inference_requests_total", model=model, outcome="cancelled") > before
    )


def test_one_that_waits_is_never_computed(published_models: Path) -> None:
    with ThreadPoolExecutor() as pool, live_server(published_models) as live:
        gate = live.gates.of("classifier")
        gate.close()
        first = ask(pool, live, "/predict", {"inputs": "a good film"})
        gate.wait_until_held()
        leaving = live.send("/predict", {"inputs": ["bad", "worse"]})
        live.until(lambda: live.taken("sentiment") == 3)
        second = ask(pool, live, "/predict", {"inputs": "a bad film"})
        hang_up(live, leaving, "sentiment")
        assert live.taken("sentiment") == 2
        gate.open()
        assert first.result().json()[0]["label"] == "positive"
        assert second.result().json()[0]["label"] == "negative"
        assert gate.rows == [1, 1]
        assert live.outcomes("sentiment") == {"answered": 2, "cancelled": 1}
        # What nobody received is counted as other servers count it.
        assert live.metric("requests_total", route="/predict", status="499") == 1


def test_one_that_is_computed_among_others_does_not_disturb_them(published_models: Path) -> None:
    with ThreadPoolExecutor() as pool, live_server(published_models) as live:
        alone = [
            live.client.post("/predict", json={"inputs": text}).json()
            for text in ("a good film", "a bad film")
        ]
        gate = live.gates.of("classifier")
        gate.close()
        held = ask(pool, live, "/predict", {"inputs": "good"})
        gate.wait_until_held()
        first = ask(pool, live, "/predict", {"inputs": "a good film"})
        leaving = live.send("/predict", {"inputs": "neither here nor there"})
        live.until(lambda: live.taken("sentiment") == 3)
        second = ask(pool, live, "/predict", {"inputs": "a bad film"})
        gate.let_through()
        assert gate.rows == [1, 3]  # the three are one batch, which has begun
        hang_up(live, leaving, "sentiment")
        gate.open()
        assert [first.result().json(), second.result().json()] == alone
        assert held.result().status_code == 200
        assert live.outcomes("sentiment") == {"answered": 5, "cancelled": 1}


def test_a_whole_batch_of_clients_may_leave(published_models: Path) -> None:
    with live_server(published_models) as live:
        gate = live.gates.of("classifier")
        gate.close()
        held = live.send("/predict", {"inputs": "good"})
        gate.wait_until_held()
        waiting = [live.send("/predict", {"inputs": "bad"}) for _ in range(5)]
        live.until(lambda: live.taken("sentiment") == 6)
        for connection in (held, *waiting):
            hang_up(live, connection, "sentiment")
        assert live.taken("sentiment") == 0
        gate.open()
        after = live.client.post("/predict", json={"inputs": "good"})
        assert after.json()[0]["label"] == "positive"
        assert gate.rows == [1, 1]
        assert live.metric("waiting_rows", model="sentiment") == 0


@pytest.mark.parametrize("beam_size", [1, 5])
def test_a_sentence_leaves_the_running_batch_and_the_others_go_on(
    published_models: Path, beam_size: int
) -> None:
    with ThreadPoolExecutor() as pool, live_server(published_models) as live:
        texts = ["the good cat sat", "two men talk in the street"]
        bodies = [
            {"q": text, **PAIR, "beam_size": beam_size, "num_hypotheses": beam_size}
            for text in texts
        ]
        alone = [live.client.post("/translate", json=body).json() for body in bodies]
        encoder, decoder = live.gates.of("encoder"), live.gates.of("decoder")
        encoder.close()
        decoder.close()
        long = "the cat sat on the mat in the park and two men talk in the street of the mat"
        leaving = live.send("/translate", {"q": long, **PAIR, "beam_size": beam_size})
        encoder.wait_until_held()
        answers = [ask(pool, live, "/translate", body) for body in bodies]
        encoder.open()
        decoder.wait_until_held()
        decoder.let_through(5)
        assert decoder.rows[-1] > beam_size  # they are decoded together
        hang_up(live, leaving, TRANSLATOR)
        decoder.open()
        assert [answer.result().json() for answer in answers] == alone
        live.until(lambda: live.metric("running_sequences", model=TRANSLATOR) == 0)
        assert live.outcomes(TRANSLATOR) == {"answered": 4, "cancelled": 1}
        assert live.taken(TRANSLATOR) == 0


def test_work_of_the_only_client_ends_when_it_goes(published_models: Path) -> None:
    with live_server(published_models) as live:
        gate = live.gates.of("decoder")
        gate.close()
        leaving = live.send("/translate", {"q": "the cat sat on the mat", **PAIR, "beam_size": 1})
        gate.let_through(2)
        hang_up(live, leaving, TRANSLATOR)
        gate.open()
        live.until(lambda: live.metric("running_sequences", model=TRANSLATOR) == 0)
        assert len(gate.rows) == 3
        with live.repository.translator("en", "de") as chosen:
            version = chosen._loaded
        assert version is not None
        assert not version.in_use


def test_bulk_that_waits_is_not_counted_any_more(published_models: Path) -> None:
    with live_server(published_models) as live:
        gate = live.gates.of("classifier")
        gate.close()
        leaving = live.send("/predict", {"inputs": ["good"] * 100})
        gate.let_through()
        live.until(lambda: live.metric("waiting_rows", model="sentiment") == 36)
        hang_up(live, leaving, "sentiment")
        gate.open()
        live.until(lambda: live.metric("waiting_rows", model="sentiment") == 0)
        assert gate.rows == [32, 32]


def test_one_that_leaves_before_its_texts_are_handed_in(published_models: Path) -> None:
    # It is gone when its request comes to the queue: a text so long that it is split in a thread.
    text = "the cat sat on the mat. " * 800
    with live_server(published_models) as live:
        for _ in range(5):
            live.send("/translate", {"q": [text] * 5, **PAIR}).close()
        live.until(lambda: live.metric("requests_total", route="/translate", status="499") == 5)
        assert live.taken(TRANSLATOR) == 0
        assert set(live.outcomes(TRANSLATOR)) == {"cancelled"}


def test_random_clients_leave_and_the_others_get_their_own_answers(published_models: Path) -> None:
    words = ["good", "bad", "the", "cat", "men", "street", "park", "mat"]
    with ThreadPoolExecutor(8) as pool, live_server(published_models) as live:
        gates = [live.gates.of("encoder"), live.gates.of("decoder")]
        gates[0].close()
        texts = [f"{words[i % 8]} {words[i * 3 % 8]} {words[i * 5 % 8]}" for i in range(24)]
        answers = {}
        leaving = []
        for i, text in enumerate(texts):
            body = {"q": text, **PAIR, "beam_size": 1 + i % 4}
            if i % 3:
                leaving.append(live.send("/translate", body))
            else:
                answers[i] = pool.submit(live.client.post, "/translate", json=body)
        live.until(lambda: live.taken(TRANSLATOR) == len(texts))
        gates[1].close()
        gates[0].open()
        gates[1].wait_until_held()
        for connection in leaving[::2]:
            hang_up(live, connection, TRANSLATOR)
            gates[1].let_through()
        gates[1].open()
        for i, answer in answers.items():
            assert answer.result().json() == {"translatedText": texts[i]}
        for connection in leaving:
            connection.close()
        live.until(lambda: live.taken(TRANSLATOR) == 0)
        live.until(lambda: live.metric("running_sequences", model=TRANSLATOR) == 0)
        outcomes = live.outcomes(TRANSLATOR)
        assert outcomes["cancelled"] >= len(leaving[::2])
        assert sum(outcomes.values()) == len(texts)
