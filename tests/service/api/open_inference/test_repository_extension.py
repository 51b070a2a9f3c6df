"""The extension for the repository: what Triton's client lists, loads and unloads."""

from pathlib import Path
from typing import Any

import pytest
from tritonclient.utils import InferenceServerException

from tests import tiny_models
from tests.service.api.live import Live, live_server
from tests.service.api.open_inference.conftest import client_of, text_input, texts_of


def label(client: Any) -> str:
    """The answer to a good text."""
    result = client.infer("sentiment", [text_input(["a good film"])])
    return texts_of(result, "label")[0][0]


def states(client: Any) -> dict[tuple[str, str], str]:
    """The states of all versions."""
    index = client.get_model_repository_index()
    return {(entry["name"], entry["version"]): entry["state"] for entry in index}


def test_the_index_lists_every_version(models: Path) -> None:
    tiny_models.publish_classifier(models)
    with live_server(models) as live, client_of(live) as client:
        assert states(client) == {
            ("sentiment", "2"): "READY",
            ("sentiment", "1"): "UNAVAILABLE",
            ("translation-en-de", "1"): "READY",
        }
        ready = live.client.post("/v2/repository/index", json={"ready": True}).json()
        assert [(entry["name"], entry["version"]) for entry in ready] == [
            ("sentiment", "2"),
            ("translation-en-de", "1"),
        ]
        wrong = live.client.post("/v2/repository/index", json={"ready": "yes"})
        assert wrong.status_code == 400


def test_changes_are_off_unless_the_settings_allow_them(client: Any) -> None:
    for change in (client.load_model, client.unload_model):
        with pytest.raises(InferenceServerException, match=r"\[403\] requests may not change"):
            change("sentiment")


def test_a_model_is_unloaded_and_loaded(models: Path) -> None:
    with live_server(models, allow_model_changes=True) as live, client_of(live) as client:
        client.unload_model("sentiment", unload_dependents=True)
        assert not client.is_model_ready("sentiment")
        assert states(client)["sentiment", "1"] == "UNAVAILABLE"
        with pytest.raises(InferenceServerException, match=r"\[503\] .* was unloaded; load it"):
            label(client)
        # It was wished for: the service goes on, and says what the model was.
        assert client.is_server_ready()
        assert client.is_model_ready("translation-en-de")
        assert client.get_model_metadata("sentiment")["versions"] == []
        client.load_model("sentiment")
        assert client.is_model_ready("sentiment")
        assert label(client) == "positive"
        assert states(client)["sentiment", "1"] == "READY"


def test_loading_takes_up_what_was_published(models: Path) -> None:
    settings = {"allow_model_changes": True, "models_poll_seconds": 0}
    with live_server(models, **settings) as live, client_of(live) as client:
        tiny_models.publish_classifier(models, labels=("negative", "positive"))
        assert label(client) == "positive"
        client.load_model("sentiment")
        assert label(client) == "negative"
        tiny_models.publish_classifier(models, name="topic")
        client.load_model("topic")
        assert client.is_model_ready("topic")


def test_what_cannot_be_done_is_said(models: Path) -> None:
    with live_server(models, allow_model_changes=True) as live, client_of(live) as client:
        for change in (client.load_model, client.unload_model):
            with pytest.raises(
                InferenceServerException, match=r'\[404\] no model is called "mood"'
            ):
                change("mood")
        with pytest.raises(InferenceServerException, match=r"\[400\] .* leave out config"):
            client.load_model("sentiment", config="{}")
        for content in (b"[]", b"{"):
            path = "/v2/repository/models/sentiment/unload"
            assert live.client.post(path, content=content).status_code == 400
        assert label(client) == "positive"


def test_a_body_may_be_left_out(models: Path) -> None:
    with live_server(models, allow_model_changes=True) as live:
        for change in ("unload", "load"):
            answer = live.client.post(f"/v2/repository/models/sentiment/{change}")
            assert (answer.status_code, answer.json()) == (200, {})
        assert ready(live)


def ready(live: Live) -> bool:
    return live.client.get("/v2/models/sentiment/ready").status_code == 200


def test_activating_a_version_loads_what_was_unloaded(models: Path) -> None:
    with live_server(models, allow_model_changes=True) as live:
        live.client.post("/v2/repository/models/sentiment/unload")
        assert not ready(live)
        answer = live.client.post("/models/sentiment/activate", json={"version": 1})
        assert answer.status_code == 200
        assert ready(live)
