"""The extension for statistics: it says what the metrics say."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tritonclient.utils import InferenceServerException

from tests.service.api.live import live_server
from tests.service.api.open_inference.conftest import client_of, text_input, token_inputs

UNTOUCHED = {"count": 0, "ns": 0}


def statistics(client: Any, model: str = "sentiment") -> Any:
    """The statistics of a model."""
    (entry,) = client.get_inference_statistics(model)["model_stats"]
    return entry


def test_before_the_first_request_there_is_nothing(published_models: Path) -> None:
    with live_server(published_models) as live, client_of(live) as client:
        every = client.get_inference_statistics()["model_stats"]
        assert [entry["name"] for entry in every] == ["sentiment", "translation-en-de"]
        for entry in every:
            assert entry["version"] == "1"
            assert (entry["inference_count"], entry["execution_count"]) == (0, 0)
            assert entry["last_inference"] == 0
            assert entry["inference_stats"]["success"] == UNTOUCHED


def test_requests_of_all_routes_count_with_their_rows_and_times(published_models: Path) -> None:
    before = time.time()
    with live_server(published_models) as live, client_of(live) as client:
        client.infer("sentiment", [text_input(["a good film", "bad"])])
        client.infer("sentiment", token_inputs([[5, 6], [7], [8]]))
        live.client.post("/predict", json={"inputs": "a bad film"})
        entry = statistics(client)
        assert entry == client.get_inference_statistics("sentiment", "1")["model_stats"][0]
        assert statistics(client, "translation-en-de")["inference_count"] == 0
        assert live.metric("texts_total", model="sentiment") == 6
    assert entry["inference_count"] == 6
    assert 3 <= entry["execution_count"] <= 6
    assert before * 1000 - 1 <= entry["last_inference"] <= time.time() * 1000 + 1
    stats = entry["inference_stats"]
    assert {stats[name]["count"] for name in ("success", "queue", "compute_infer")} == {3}
    assert stats["success"]["ns"] == stats["queue"]["ns"] + stats["compute_infer"]["ns"] > 0
    assert stats["fail"] == stats["cache_hit"] == UNTOUCHED


def test_what_is_refused_counts_as_failed_and_what_is_known_as_a_hit(
    published_models: Path,
) -> None:
    settings = {"max_queue_size": 1, "cache_bytes": 100_000}
    with (
        live_server(published_models, **settings) as live,
        client_of(live) as client,
        ThreadPoolExecutor() as pool,
    ):
        gate = live.gates.of("classifier")
        gate.close()
        first = pool.submit(live.client.post, "/predict", json={"inputs": "good"})
        gate.wait_until_held()
        with pytest.raises(InferenceServerException, match=r"\[429\] "):
            client.infer("sentiment", [text_input(["bad", "worse"])])
        gate.open()
        assert first.result().status_code == 200
        client.infer("sentiment", [text_input(["good"])])
        entry = statistics(client)
    assert entry["inference_stats"]["fail"]["count"] == 1
    assert entry["inference_stats"]["cache_hit"]["count"] == 1
    assert entry["inference_count"] == 1


def test_unknown_models_and_versions_have_none(client: Any) -> None:
    with pytest.raises(InferenceServerException, match=r"\[404\] no model is called"):
        client.get_inference_statistics("mood")
    with pytest.raises(InferenceServerException, match=r"\[404\] version 4 of sentiment"):
        client.get_inference_statistics("sentiment", "4")
