"""POST /explain: answers that agree with what they explain, and disturb nobody."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.runtime.job import Job
from service.runtime.serial import Work
from tests import tiny_models
from tests.service.api.conftest import OpenClient, loaded_client
from tests.service.api.live import LONG_TEXT, PAIR, Live, live_server

TRANSLATOR = "translation-en-de"


def error_of(response: httpx2.Response, status: int) -> str:
    assert response.status_code == status
    (message,) = response.json().values()
    assert list(response.json()) == ["error"]
    return str(message)


def test_a_label_is_the_one_that_predict_gives(client: TestClient) -> None:
    text = "A good  film, really 😀"
    answer = client.post("/explain", json={"inputs": text}).json()
    assert list(answer) == ["label", "against", "score", "tokens", "bias", "logit"]
    best = client.post("/predict", json={"inputs": text}).json()[0]
    assert (answer["label"], answer["score"]) == (best["label"], pytest.approx(best["score"]))
    total = sum(word["contribution"] for word in answer["tokens"]) + answer["bias"]
    assert total == pytest.approx(answer["logit"], abs=1e-4)
    for word in answer["tokens"]:
        assert word["text"] == text[word["start"] : word["end"]]
    assert max(answer["tokens"], key=lambda word: float(word["contribution"]))["text"] == "good"
    named = {"model": "sentiment", "version": 1, "label": "negative", "against": "positive"}
    other = client.post("/explain", json={"inputs": text, **named}).json()
    assert (other["label"], other["logit"]) == ("negative", pytest.approx(-answer["logit"]))


@pytest.mark.parametrize("search", [{}, {"beam_size": 1}, {"max_length": 2, "length_penalty": 0}])
def test_a_translation_is_the_one_that_translate_gives(
    client: TestClient, search: dict[str, int]
) -> None:
    body = {"q": "two men talk. a woman sings\n", **PAIR, **search}
    answer = client.post("/explain", json=body).json()
    assert list(answer) == ["translatedText", "blocks"]
    translation = client.post("/translate", json=body).json()["translatedText"]
    assert answer["translatedText"] == translation
    for block in answer["blocks"]:
        assert list(block) == ["source", "target", "attention"]
        for text, side in ((body["q"], "source"), (translation, "target")):
            for token in block[side]:
                assert token["text"] == str(text)[token["start"] : token["end"]]
        assert [len(row) for row in block["attention"]] == [len(block["source"])] * len(
            block["target"]
        )
        assert all(sum(row) == pytest.approx(1, abs=1e-4) for row in block["attention"])


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({}, 400, "the field inputs is missing"),
        ([], 400, "the body is a list"),
        ({"inputs": ["good"]}, 400, "inputs must be a valid string, not a list"),
        ({"inputs": "  "}, 400, "inputs: the text is only white space"),
        ({"inputs": "\u200b"}, 400, "inputs: nothing to read is left of it"),
        ({"inputs": "good", "q": "good", **PAIR}, 400, 'unknown field "inputs"'),
        ({"inputs": "good", "label": "fine"}, 400, 'label is "fine"; the labels of this model'),
        ({"inputs": "good", "against": "positive"}, 400, "against must be another label"),
        ({"inputs": "good", "gates": True}, 400, "leave gates and units out"),
        ({"inputs": "good", "units": [-1]}, 400, "units[0] must be greater than or equal to 0"),
        ({"inputs": "good", "units": ["1"]}, 400, "units[0] must be a valid integer"),
        ({"inputs": "good", "units": [1] * 17}, 400, "units has 17 items; send 16 at most"),
        ({"inputs": "good", "model": "mood"}, 404, 'no classification model is called "mood"'),
        ({"inputs": "good", "version": 3}, 404, "version 3 of sentiment is not loaded"),
        ({"inputs": "good " * 1025}, 413, "inputs: the text has 2,050 tokens; the limit of an"),
        ({"q": "good"}, 400, "the field source is missing"),
        ({"q": " ", **PAIR}, 400, "q: the text is only white space"),
        ({"q": "\u200b", **PAIR}, 400, "q: nothing to read is left of it"),
        ({"q": "good", "source": "en", "target": "fr"}, 400, 'no model translates "en" to "fr"'),
        ({"q": "good", **PAIR, "source": "Auto"}, 400, 'source is "Auto", which is not found out'),
        ({"q": "good", **PAIR, "beam_size": 11}, 400, "beam_size must be 10 or less"),
        ({"q": LONG_TEXT[:19_000], **PAIR}, 413, "q: the text has "),
    ],
)
def test_what_is_wrong_is_said(client: TestClient, body: Any, status: int, message: str) -> None:
    assert message in error_of(client.post("/explain", json=body), status)


def test_null_stands_for_what_is_left_out(client: TestClient) -> None:
    body = {"inputs": "good"}
    nothing = dict.fromkeys(("model", "version", "label", "against", "gates", "units"))
    answer = client.post("/explain", json=body | nothing)
    assert answer.status_code == 200, answer.text
    assert answer.json() == client.post("/explain", json=body).json()


def test_a_version_that_was_exported_without_names_says_so(tmp_path: Path) -> None:
    tiny_models.publish_classifier(tmp_path, inspection=None)
    with loaded_client(tmp_path) as client:
        message = error_of(client.post("/explain", json={"inputs": "good"}), 400)
        assert "version 1 of sentiment was exported without the names of the values" in message
        assert client.post("/predict", json={"inputs": "good"}).status_code == 200


def test_the_limit_is_a_setting(open_client: OpenClient) -> None:
    with open_client(max_explained_tokens=4) as client:
        assert client.post("/explain", json={"inputs": "good"}).status_code == 200
        message = error_of(client.post("/explain", json={"inputs": "good " * 5}), 413)
        assert "the limit of an explanation is 4: send a part of it" in message


any_text = st.text(st.characters(exclude_categories=()), max_size=40)
json_values = (
    st.none() | st.booleans() | st.integers() | st.floats() | any_text | st.lists(any_text)
)
label_bodies = st.fixed_dictionaries(
    {"inputs": any_text | json_values},
    optional={
        "label": st.sampled_from(["positive", "negative"]) | json_values,
        "against": st.sampled_from(["positive", "negative"]) | json_values,
        "gates": json_values,
        "units": st.lists(st.integers(-1, 9)) | json_values,
        "version": st.integers(0, 2) | json_values,
    },
)
translation_bodies = st.fixed_dictionaries(
    {"q": any_text | json_values, "source": st.just("en"), "target": st.just("de") | any_text},
    optional={
        "beam_size": st.integers(-1, 11) | json_values,
        "max_length": st.integers(-1, 9) | json_values,
        "length_penalty": st.floats() | json_values,
        "inputs": any_text,
    },
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(body=label_bodies | translation_bodies | json_values)
def test_any_json_is_answered(client: TestClient, body: Any) -> None:
    response = client.post("/explain", content=json.dumps(body).encode())
    if response.status_code != 200:
        assert response.status_code in {400, 404, 413}
        assert list(response.json()) == ["error"]
        assert 0 < len(response.json()["error"]) < 500


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=60))
def test_any_bytes_are_answered(client: TestClient, body: bytes) -> None:
    assert client.post("/explain", content=body).status_code == 400


@contextmanager
def explaining(live: Live) -> Iterator[None]:
    """While it lasts, the thread that explains has something else to do."""
    over = threading.Event()
    job = Job(lambda events: None)
    (item,) = job.items([[1]])
    live.explanations._work.thread.submit(job, [Work(job, item.tokens, over.wait)])
    try:
        yield
    finally:
        over.set()


def test_explanations_wait_for_each_other_and_nobody_for_them(published_models: Path) -> None:
    with ThreadPoolExecutor(20) as pool, live_server(published_models) as live:
        admission = live.explanations._work.admission
        body = {"inputs": "good"}
        with explaining(live):
            waiting = [pool.submit(live.client.post, "/explain", json=body) for _ in range(16)]
            live.until(lambda: admission.rows == 16)
            refused = live.client.post("/explain", json=body)
            assert "16 texts or sentences wait already" in error_of(refused, 429)
            assert int(refused.headers["retry-after"]) >= 1
            # The queues of answers know nothing of it.
            assert live.taken("sentiment") == 0
            assert live.client.post("/predict", json=body).status_code == 200
            translation = {"q": "the cat", **PAIR}
            assert live.client.post("/translate", json=translation).status_code == 200
        assert {answer.result().status_code for answer in waiting} == {200}
        assert live.client.post("/explain", json=body).status_code == 200
        assert admission.rows == 0
        assert live.outcomes("sentiment") == {"answered": 18, "refused": 1}


@pytest.mark.parametrize("body", [{"inputs": "good"}, {"q": "the cat", **PAIR}])
def test_a_deadline_ends_the_wait(published_models: Path, body: dict[str, str]) -> None:
    with live_server(published_models) as live:
        with explaining(live):
            late = live.client.post("/explain", json=body, headers={"X-Timeout-Ms": "50"})
            assert "not answered within 50 ms" in error_of(late, 504)
            live.until(lambda: live.explanations._work.admission.rows == 0)
        assert live.client.post("/explain", json=body).status_code == 200


def test_a_translation_is_searched_for_in_the_queue_of_its_model(published_models: Path) -> None:
    with ThreadPoolExecutor() as pool, live_server(published_models) as live:
        gate = live.gates.of("decoder")
        gate.close()
        body = {"q": "the cat. the dog", **PAIR}
        answer = pool.submit(live.client.post, "/explain", json=body)
        live.until(lambda: live.taken(TRANSLATOR) == 2)
        late = live.client.post("/explain", json=body, headers={"X-Timeout-Ms": "20"})
        assert "not answered within 20 ms" in error_of(late, 504)
        # No other explanation waits for the search.
        assert live.client.post("/explain", json={"inputs": "good"}).status_code == 200
        gate.open()
        assert answer.result().json()["translatedText"] == "the cat. the dog"
        # One request is counted once, though a search and the attention were computed for it.
        assert live.outcomes(TRANSLATOR) == {"answered": 1, "expired": 1}


def test_what_a_version_needs_is_opened_once_and_freed_with_it(models: Path) -> None:
    with live_server(models, allow_model_changes=True) as live:
        explainers = live.explanations._explainers
        assert len(explainers) == 0  # nothing is opened for those who do not ask
        for _ in range(3):
            assert live.client.post("/explain", json={"inputs": "good"}).status_code == 200
        assert len(explainers) == 1
        tiny_models.publish_classifier(models)
        assert live.client.post("/models/rescan").status_code == 200
        live.until(lambda: len(explainers) == 0)
        answer = live.client.post("/explain", json={"inputs": "good", "version": 2})
        assert answer.status_code == 200
        assert len(explainers) == 1


def test_a_byte_order_mark_does_not_hide_what_is_asked(client: TestClient) -> None:
    body = b'\xef\xbb\xbf{"q": "the cat", "source": "en", "target": "de"}'
    answer = client.post("/explain", content=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["translatedText"] == "the cat"
