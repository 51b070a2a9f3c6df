"""A session that raises: exactly its own batch fails, and the service goes on."""

import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from tests.service.api.live import PAIR, live_server

TRANSLATOR = "translation-en-de"
INTERNAL = "internal error; the log says more about request "


def test_a_batch_that_fails_fails_alone(
    published_models: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with ThreadPoolExecutor() as pool, live_server(published_models, max_batch_size=2) as live:
        gate = live.gates.of("classifier")
        gate.close()

        def predict(text: str) -> httpx2.Response:
            return live.client.post("/predict", json={"inputs": text})

        first = pool.submit(predict, "good")
        gate.wait_until_held()
        failing = [pool.submit(predict, text) for text in ("secret words", "more secret words")]
        live.until(lambda: live.taken("sentiment") == 3)
        later = pool.submit(predict, "bad")
        live.until(lambda: live.taken("sentiment") == 4)
        gate.let_through()  # the second batch is held now, and is to fail
        gate.error = RuntimeError("out of memory")
        gate.let_through()
        gate.error = None
        gate.open()
        assert first.result().json()[0]["label"] == "positive"
        assert later.result().json()[0]["label"] == "negative"
        for answer in failing:
            response = answer.result()
            assert response.status_code == 500
            assert response.json()["error"].startswith(INTERNAL)
        assert gate.rows == [1, 2, 1]
        assert live.outcomes("sentiment") == {"answered": 2, "failed": 2}
        assert live.metric("waiting_rows", model="sentiment") == 0
    assert "secret" not in caplog.text
    assert [r for r in caplog.records if r.levelno == logging.ERROR and r.exc_info]


def test_a_decoder_that_fails_fails_what_it_decodes_and_not_what_waits(
    published_models: Path,
) -> None:
    with ThreadPoolExecutor() as pool, live_server(published_models, max_batch_size=1) as live:
        gate = live.gates.of("decoder")
        gate.close()
        body = {"q": "the cat sat", **PAIR, "beam_size": 1}
        failing = pool.submit(live.client.post, "/translate", json=body)
        gate.let_through()
        waiting = pool.submit(live.client.post, "/translate", json={**body, "q": "two men"})
        live.until(lambda: live.taken(TRANSLATOR) == 2)
        gate.error = RuntimeError("no")
        gate.let_through()
        gate.error = None
        gate.open()
        assert failing.result().status_code == 500
        assert waiting.result().json() == {"translatedText": "two men"}
        assert live.outcomes(TRANSLATOR) == {"answered": 1, "failed": 1}


def test_a_stream_that_fails_in_the_middle_is_cut(published_models: Path) -> None:
    with ThreadPoolExecutor() as pool, live_server(published_models) as live:
        gate = live.gates.of("decoder")
        gate.close()
        opened = pool.submit(gate.let_through, 2)
        headers = {"Accept": "text/event-stream"}
        body = {"q": "the cat sat", **PAIR}
        with live.client.stream("POST", "/translate", json=body, headers=headers) as response:
            opened.result()
            gate.error = RuntimeError("no")
            gate.open()
            with pytest.raises(httpx2.RemoteProtocolError):
                response.read()
        gate.error = None
        after = live.client.post("/translate", json=body)
        assert after.json() == {"translatedText": "the cat sat"}
        assert live.outcomes(TRANSLATOR) == {"answered": 1, "failed": 1}
        assert live.taken(TRANSLATOR) == 0
