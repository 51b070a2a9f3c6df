"""A request that is not answered in its time gets 504, and its work is dropped."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
from fastapi.testclient import TestClient

from tests.service.api.conftest import OpenClient
from tests.service.api.live import LONG_TEXT, PAIR, Live, live_server

SOON = {"X-Timeout-Ms": "1"}
LATE = {"X-Timeout-Ms": "300000"}


def held_predict(live: Live, **headers: str) -> httpx2.Response:
    """The answer to a request while nothing can be computed."""
    live.gates.of("classifier").close()
    return live.client.post("/predict", json={"inputs": "good"}, headers=headers)


@pytest.mark.parametrize(
    "given",
    [
        *("0", "-1", "1.5", "1e3", "+5", "", "soon", "0x10", "300001", "9" * 20, "²", "1_000"),
        "1, 2",
        "000000001" + "0" * 5000,  # more digits than int() takes, and the first are a good time
    ],
)
@pytest.mark.parametrize("path", ["/predict", "/translate"])
def test_a_wrong_time_is_refused(client: TestClient, path: str, given: str) -> None:
    body = {"inputs": "good"} if path == "/predict" else {"q": "cat", **PAIR}
    response = client.post(path, json=body, headers={b"X-Timeout-Ms": given.encode("latin-1")})
    assert response.status_code == 400
    error = response.json()["error"]
    assert error.startswith('X-Timeout-Ms is "')
    assert error.endswith('"; send milliseconds from 1 to 300,000')


@pytest.mark.parametrize("given", ["300000", "0300000"])
def test_a_time_within_the_limits_is_accepted(client: TestClient, given: str) -> None:
    response = client.post("/predict", json={"inputs": "good"}, headers={"X-Timeout-Ms": given})
    assert response.status_code == 200


def test_the_largest_time_is_a_setting(open_client: OpenClient) -> None:
    with open_client(max_timeout_ms=10**12) as client:
        for given, status in (("9" * 12, 200), ("9" * 13, 400), ("1" * 5000, 400)):
            headers = {"X-Timeout-Ms": given}
            response = client.post("/predict", json={"inputs": "good"}, headers=headers)
            assert response.status_code == status


def test_a_passed_deadline_is_504(published_models: Path) -> None:
    with live_server(published_models) as live:
        response = held_predict(live, **SOON)
        assert response.status_code == 504
        assert response.json() == {
            "error": "not answered within 1 ms; send less at a time, or allow more with "
            "X-Timeout-Ms"
        }
        assert live.outcomes("sentiment") == {"expired": 1}
        assert live.taken("sentiment") == 0
        live.gates.open_all()
        after = live.client.post("/predict", json={"inputs": "good"})
        assert after.json()[0]["label"] == "positive"
        assert live.outcomes("sentiment") == {"expired": 1, "answered": 1}


def test_the_default_is_a_setting_and_a_request_may_allow_more(published_models: Path) -> None:
    with ThreadPoolExecutor() as pool, live_server(published_models, request_timeout_ms=1) as live:
        assert held_predict(live).status_code == 504
        patient = pool.submit(live.client.post, "/predict", json={"inputs": "good"}, headers=LATE)
        live.until(lambda: live.taken("sentiment") == 1)
        assert held_predict(live).status_code == 504
        live.gates.open_all()
        assert patient.result().status_code == 200


def test_work_that_waits_is_dropped(published_models: Path) -> None:
    with ThreadPoolExecutor() as pool, live_server(published_models) as live:
        gate = live.gates.of("classifier")
        gate.close()
        patient = pool.submit(live.client.post, "/predict", json={"inputs": "good"})
        gate.wait_until_held()
        expired = live.client.post("/predict", json={"inputs": ["bad", "bad", "bad"]}, headers=SOON)
        assert expired.status_code == 504
        assert live.taken("sentiment") == 1
        gate.open()
        assert patient.result().json()[0]["label"] == "positive"
        live.client.post("/predict", json={"inputs": "good"})
        assert gate.rows == [1, 1]  # none of the three was ever computed
        assert live.metric("waiting_rows", model="sentiment") == 0


def test_a_sentence_that_is_decoded_is_dropped(published_models: Path) -> None:
    with ThreadPoolExecutor() as pool, live_server(published_models) as live:
        gate = live.gates.of("decoder")
        gate.close()
        body = {"q": "the cat", **PAIR, "beam_size": 1}
        patient = pool.submit(live.client.post, "/translate", json=body)
        gate.wait_until_held()
        body["q"] = LONG_TEXT
        expired = pool.submit(live.client.post, "/translate", json=body, headers=SOON)
        assert expired.result().status_code == 504
        gate.open()
        assert patient.result().json() == {"translatedText": "the cat"}
        assert max(gate.rows) == 1

        # And one that is in the running batch already: it leaves at the next step.
        gate.close()
        body["q"] = "two men talk in the street"
        running = pool.submit(
            live.client.post, "/translate", json=body, headers={"X-Timeout-Ms": "1500"}
        )
        gate.let_through(2)
        assert live.metric("running_sequences", model="translation-en-de") == 1
        assert running.result().status_code == 504
        gate.open()
        live.until(lambda: live.metric("running_sequences", model="translation-en-de") == 0)
        assert len(gate.rows) == 3  # the step that was held is its last
        assert live.metric("waiting_rows", model="translation-en-de") == 0
        assert live.outcomes("translation-en-de") == {"answered": 1, "expired": 2}


def test_the_version_is_free_when_the_deadline_has_passed(models: Path) -> None:
    with live_server(models) as live:
        held_predict(live, **SOON)
        with live.repository.classifier() as chosen:
            version = chosen._loaded
        assert version is not None
        assert not version.in_use
