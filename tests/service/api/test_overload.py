"""More requests than the service can take: some are refused at once, and none is lost."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2

from service.api.admission import Load
from tests.service.api.live import PAIR, Live, live_server

TRANSLATOR = "translation-en-de"


def test_a_full_queue_is_429_and_what_waits_is_answered(published_models: Path) -> None:
    with ThreadPoolExecutor() as pool, live_server(published_models, max_queue_size=2) as live:
        live.gates.of("classifier").close()

        def predict(inputs: str | list[str]) -> httpx2.Response:
            return live.client.post("/predict", json={"inputs": inputs})

        taken = [pool.submit(predict, text) for text in ("a good film", "a bad film")]
        live.until(lambda: live.taken("sentiment") == 2)
        refused = [predict("good"), predict(["good", "bad", "good"])]
        other = live.client.post("/translate", json={"q": "the cat", **PAIR})
        live.gates.open_all()
        assert [a.result().json()[0]["label"] for a in taken] == ["positive", "negative"]
        after = predict(["good", "bad", "good"])  # more than the bound, and nobody waits
        for response in refused:
            assert response.status_code == 429
            assert response.headers["retry-after"] == "1"
            assert response.json() == {
                "error": "2 texts or sentences wait already, of 2 that may; try again in a moment"
            }
        assert other.json() == {"translatedText": "the cat"}
        assert after.status_code == 200
        assert live.outcomes("sentiment") == {"answered": 3, "refused": 2}


def test_a_text_that_would_wait_too_long_is_429(published_models: Path) -> None:
    with ThreadPoolExecutor() as pool, live_server(published_models, max_batch_size=1) as live:
        # The model has lately worked off one token in ten seconds.
        admission = live.admission("sentiment")
        admission.enter(Load(1, 1, bulk=False), now=-10.0)
        admission.leave(Load(1, 1, bulk=False), now=0.0, answered=True)
        live.gates.of("classifier").close()
        first = pool.submit(live.client.post, "/predict", json={"inputs": "good"})
        live.until(lambda: live.taken("sentiment") == 1)
        refused = live.client.post("/predict", json={"inputs": "good"})
        bulk = pool.submit(live.client.post, "/predict", json={"inputs": ["good", "bad"]})
        live.until(lambda: live.taken("sentiment") == 3)
        live.gates.open_all()
        assert refused.status_code == 429
        assert refused.json()["error"].startswith("it would wait for about ")
        assert int(refused.headers["retry-after"]) >= 10
        assert first.result().status_code == 200
        assert bulk.result().status_code == 200


def test_a_stream_is_refused_before_it_begins(published_models: Path) -> None:
    with ThreadPoolExecutor() as pool, live_server(published_models, max_queue_size=1) as live:
        live.gates.of("encoder").close()
        body = {"q": "the cat", **PAIR, "beam_size": 1}
        first = pool.submit(live.client.post, "/translate", json=body)
        live.until(lambda: live.taken(TRANSLATOR) == 1)
        headers = {"Accept": "text/event-stream"}
        refused = live.client.post("/translate", json=body, headers=headers)
        live.gates.open_all()
        assert first.result().status_code == 200
        assert refused.status_code == 429
        assert refused.headers["content-type"] == "application/json"
        assert refused.headers["retry-after"] == "1"


def test_health_and_other_models_answer_while_one_is_held(published_models: Path) -> None:
    with ThreadPoolExecutor() as pool, live_server(published_models) as live:
        gate = live.gates.of("decoder")
        gate.close()
        held = [
            pool.submit(live.client.post, "/translate", json={"q": ["the cat"] * 50, **PAIR})
            for _ in range(3)
        ]
        gate.wait_until_held()
        for path in ("/health/live", "/health/ready", "/metrics"):
            assert live.client.get(path).status_code == 200
        assert live.client.get("/models").status_code == 200
        assert live.client.post("/predict", json={"inputs": "good"}).status_code == 200
        gate.open()
        for answer in held:
            assert answer.result().json() == {"translatedText": ["the cat"] * 50}


def test_a_small_request_goes_before_bulk(published_models: Path) -> None:
    with ThreadPoolExecutor() as pool, live_server(published_models) as live:
        gate = live.gates.of("classifier")
        gate.close()
        bulk = pool.submit(live.client.post, "/predict", json={"inputs": ["a good film"] * 100})
        gate.wait_until_held()
        small = pool.submit(live.client.post, "/predict", json={"inputs": "a bad film"})
        live.until(lambda: live.taken("sentiment") == 101)
        gate.let_through(2)  # the batch that is held, and the next
        assert small.result().json()[0]["label"] == "negative"
        assert not bulk.done()
        assert gate.rows == [32, 32, 32]
        gate.open()
        assert len(bulk.result().json()) == 100


def test_a_small_translation_goes_before_bulk(published_models: Path) -> None:
    with ThreadPoolExecutor() as pool, live_server(published_models, max_batch_size=8) as live:
        gate = live.gates.of("decoder")
        gate.close()
        texts = ["two men talk in the street"] * 40
        body = {**PAIR, "beam_size": 1}
        bulk = pool.submit(live.client.post, "/translate", json={"q": texts, **body})
        gate.wait_until_held()
        small = pool.submit(live.client.post, "/translate", json={"q": "the cat", **body})
        live.until(lambda: live.taken(TRANSLATOR) == 41)
        while not small.done():
            gate.let_through()
        # A fourth of the rows is kept free of bulk, so it joined at once.
        assert small.result().json() == {"translatedText": "the cat"}
        assert not bulk.done()
        assert live.metric("waiting_rows", model=TRANSLATOR) > 0
        gate.open()
        assert bulk.result().json() == {"translatedText": texts}


def test_nothing_is_lost_or_answered_twice(published_models: Path) -> None:
    """Many clients, a queue that is always full: each gets its own answer, or a refusal."""
    clients, requests = 24, 12

    def texts(client: int, number: int) -> str | list[str]:
        text = f"the cat {client} sat {number}"
        return [text, f"{text} and {text}"] if number % 3 == 0 else text

    def ask(live: Live, client: int) -> list[Any]:
        answers = []
        with httpx2.Client(base_url=live.client.base_url, timeout=None) as own:
            for number in range(requests):
                body = {"q": texts(client, number), **PAIR, "beam_size": 1 + number % 2}
                answers.append(own.post("/translate", json=body))
        return answers

    # At first everything is held, so that the queue is full whatever the machine does.
    with (
        ThreadPoolExecutor(clients) as pool,
        live_server(published_models, max_queue_size=8) as live,
    ):
        gate = live.gates.of("encoder")
        gate.close()
        asked = [pool.submit(ask, live, client) for client in range(clients)]
        live.until(lambda: "refused" in live.outcomes(TRANSLATOR))
        gate.open()
        answered = refused = 0
        for client, future in enumerate(asked):
            for number, response in enumerate(future.result()):
                if response.status_code == 200:
                    answered += 1
                    assert response.json() == {"translatedText": texts(client, number)}
                else:
                    refused += 1
                    assert response.status_code == 429
                    assert int(response.headers["retry-after"]) >= 1
        assert answered + refused == clients * requests
        assert live.outcomes(TRANSLATOR) == {"answered": answered, "refused": refused}
        assert answered >= 8
        assert refused >= 1
        assert live.taken(TRANSLATOR) == 0


def test_rows_that_wait_and_run_are_shown(published_models: Path) -> None:
    with ThreadPoolExecutor() as pool, live_server(published_models, max_decoding_rows=4) as live:
        gate = live.gates.of("decoder")
        gate.close()
        body = {"q": ["the cat"] * 10, **PAIR, "beam_size": 1}
        answer = pool.submit(live.client.post, "/translate", json=body)
        gate.let_through(1)
        # Four at once, of which one is kept for small requests.
        assert live.metric("running_sequences", model=TRANSLATOR) == 3
        assert live.metric("waiting_rows", model=TRANSLATOR) == 7
        gate.open()
        assert answer.result().status_code == 200
        live.until(lambda: live.metric("running_sequences", model=TRANSLATOR) == 0)
        assert live.metric("waiting_rows", model=TRANSLATOR) == 0
        assert live.metric("texts_total", model=TRANSLATOR) == 10
