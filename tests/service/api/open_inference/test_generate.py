"""generate and generate_stream: the same answers as infer's, one text at a time."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.service.api.live import LONG_TEXT, PAIR, Live, live_server

TRANSLATOR = "/v2/models/translation-en-de"
TEXT = "A good film.\nA bad cat sat on the mat."


def stream(live: Live, path: str, body: Any) -> list[dict[str, str]]:
    """The events of a stream."""
    response = live.client.post(path, json=body)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    *events, end = response.text.split("\n\n")
    assert end == ""
    return [json.loads(event.removeprefix("data: ")) for event in events]


def test_a_text_is_translated(live: Live) -> None:
    for path in (TRANSLATOR, f"{TRANSLATOR}/versions/1"):
        answer = live.client.post(f"{path}/generate", json={"text_input": TEXT})
        assert answer.json() == {
            "model_name": "translation-en-de",
            "model_version": "1",
            "text_output": live.client.post("/translate", json={"q": TEXT, **PAIR}).json()[
                "translatedText"
            ],
        }


def test_a_text_gets_its_best_label(live: Live) -> None:
    for text, label in (("a good film", "positive"), ("a bad film", "negative")):
        answer = live.client.post("/v2/models/sentiment/generate", json={"text_input": text})
        assert answer.json()["text_output"] == label


def test_parameters_may_stand_beside_the_text(live: Live) -> None:
    expected = live.client.post(
        "/translate", json={"q": TEXT, **PAIR, "beam_size": 1, "max_length": 3}
    ).json()["translatedText"]
    for body in (
        {"parameters": {"beam_size": 1, "max_length": 3, "stream": False}},
        {"beam_size": 1, "max_length": 3, "stream": False},
    ):
        answer = live.client.post(f"{TRANSLATOR}/generate", json={"text_input": TEXT, **body})
        assert answer.json()["text_output"] == expected


def test_the_parts_of_a_stream_make_up_the_translation(live: Live) -> None:
    events = stream(live, f"{TRANSLATOR}/generate_stream", {"text_input": TEXT})
    assert len(events) > 5
    assert {(e["model_name"], e["model_version"]) for e in events} == {("translation-en-de", "1")}
    greedy = live.client.post("/translate", json={"q": TEXT, **PAIR, "beam_size": 1}).json()
    assert "".join(event["text_output"] for event in events) == greedy["translatedText"]


def test_a_translation_without_a_character_is_one_event(live: Live) -> None:
    # Its one token is the space before a word.
    body = {"text_input": "☃", "max_length": 1}
    (event,) = stream(live, f"{TRANSLATOR}/generate_stream", body)
    assert event["text_output"] == ""


def test_a_classifier_streams_its_one_answer(live: Live) -> None:
    (event,) = stream(live, "/v2/models/sentiment/generate_stream", {"text_input": "a bad film"})
    assert event["text_output"] == "negative"


@pytest.mark.parametrize(
    ("path", "body", "status", "error"),
    [
        ("translation-en-de/generate", {}, 400, "text_input is missing"),
        (
            "translation-en-de/generate",
            {"text_input": 1},
            400,
            "text_input must be a valid string",
        ),
        ("translation-en-de/generate", {"text_input": " "}, 400, "text_input: the text is only"),
        ("mood/generate", {"text_input": "good"}, 404, 'no model is called "mood"'),
        ("sentiment/versions/2/generate", {"text_input": "good"}, 404, "version 2 of sentiment"),
        (
            "translation-en-de/generate",
            {"text_input": "good", "temperature": 0.5},
            400,
            'unknown parameter "temperature"; known here are beam_size, ',
        ),
        (
            "translation-en-de/generate",
            {"text_input": "good", "num_hypotheses": 2},
            400,
            "the answer is one text; ask infer",
        ),
        (
            "translation-en-de/generate_stream",
            {"text_input": "good", "parameters": {"beam_size": 2}},
            400,
            "a stream is translated by greedy search",
        ),
        ("translation-en-de/generate", {"text_input": "a" * 20_001}, 413, "text_input: the text"),
    ],
)
def test_what_is_wrong_has_its_own_status(
    live: Live, path: str, body: Any, status: int, error: str
) -> None:
    for route in {path, path.replace("generate", "generate_stream")}:
        if "num_hypotheses" in body and route != path:
            continue
        if route.endswith("_stream_stream"):
            continue
        response = live.client.post(f"/v2/models/{route}", json=body)
        assert response.status_code == status
        assert response.json()["error"].startswith(error)


def test_a_stream_that_runs_out_of_time_ends_with_an_error(published_models: Path) -> None:
    with live_server(published_models) as live, ThreadPoolExecutor() as pool:
        gate = live.gates.of("decoder")
        gate.close()
        body = {"text_input": LONG_TEXT[:200], "parameters": {"timeout": 300_000}}
        asked = pool.submit(live.client.post, f"{TRANSLATOR}/generate_stream", json=body)
        gate.let_through(3)
        response = asked.result()
        gate.open()
        assert response.status_code == 200
        *_, last, _ = response.text.split("\n\n")
        assert json.loads(last.removeprefix("data: "))["error"].startswith("not answered within")


def test_a_client_that_hangs_up_has_its_work_dropped(published_models: Path) -> None:
    tensor = {"name": "text_input", "shape": [1], "datatype": "BYTES", "data": [LONG_TEXT]}
    with live_server(published_models) as live:
        gate = live.gates.of("decoder")
        gate.close()
        for path, body in (
            (f"{TRANSLATOR}/generate", {"text_input": LONG_TEXT}),
            (f"{TRANSLATOR}/generate_stream", {"text_input": LONG_TEXT}),
            (f"{TRANSLATOR}/infer", {"inputs": [tensor]}),
        ):
            connection = live.send(path, body)
            live.until(lambda: live.taken("translation-en-de") > 0)
            connection.close()
            live.until(lambda: live.taken("translation-en-de") == 0)
        gate.open()
        assert live.outcomes("translation-en-de") == {"cancelled": 3}
        # The lease is given back, too: else the version could never be freed.
        live.until(lambda: not in_use(live))


def in_use(live: Live) -> bool:
    with live.repository.translator("en", "de") as lease:
        loaded = lease._loaded
        assert loaded is not None
    return loaded.in_use
