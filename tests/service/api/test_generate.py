"""POST /generate, and the same through the Open Inference Protocol."""

import json
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.runtime.generator import GeneratorBatch
from tests import tiny_models
from tests.service.api.conftest import loaded_client
from tests.service.api.live import Live, live_server
from tests.service.api.test_streaming import EVENTS, Event, joined, parse

ASKED: dict[str, Any] = {"prompt": "a good film", "max_tokens": 12, "seed": 3}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generator beside a classifier and a translator."""
    models = tmp_path_factory.mktemp("generator") / "models"
    tiny_models.publish_generator(models)
    tiny_models.publish_classifier(models)
    tiny_models.publish_translator(models)
    return models


@pytest.fixture(scope="module")
def writer(repository: Path) -> Iterator[TestClient]:
    with loaded_client(repository) as client:
        yield client


def generate(client: TestClient, **fields: Any) -> dict[str, Any]:
    response = client.post("/generate", json={**ASKED, **fields})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def stream(client: TestClient, **fields: Any) -> list[Event]:
    response = client.post("/generate", json={**ASKED, **fields}, headers=EVENTS)
    assert response.status_code == 200, response.text
    return list(parse(iter(response.text.split("\n")[:-1])))


def test_an_answer_says_what_wrote_it_and_why_it_ends(writer: TestClient) -> None:
    answer = generate(writer)
    assert answer == {
        "model": "book", "version": 1, "text": answer["text"], "finish_reason": "length",
        "tokens": 12,
    }  # fmt: skip
    assert answer["text"]


def test_the_same_request_gets_the_same_text(writer: TestClient) -> None:
    assert generate(writer) == generate(writer)
    assert generate(writer)["text"] != generate(writer, seed=4)["text"]
    assert generate(writer, seed=None)["text"] != generate(writer, seed=None)["text"]
    greedy = {"temperature": 0, "seed": None}
    assert generate(writer, **greedy) == generate(writer, **greedy)
    assert generate(writer, **greedy)["text"] == generate(writer, top_k=1, seed=9)["text"]


def test_a_text_needs_no_prompt(writer: TestClient) -> None:
    response = writer.post("/generate", json={"max_tokens": 3})
    assert response.status_code == 200
    assert generate(writer, prompt="")["tokens"] == 12


def test_several_continuations_of_one_prompt(writer: TestClient) -> None:
    answer = generate(writer, num_sequences=3)
    texts = [one["text"] for one in answer["sequences"]]
    assert len(set(texts)) == 3
    assert answer["text"] == texts[0] == generate(writer)["text"]


def test_a_stop_text_ends_it(writer: TestClient) -> None:
    whole = generate(writer, max_tokens=40)["text"]
    stop = whole[10:12]
    answer = generate(writer, max_tokens=40, stop=stop)
    assert answer["text"] == whole[: whole.index(stop)]
    assert answer["finish_reason"] == "stop"
    assert generate(writer, max_tokens=40, stop=["no such thing", stop]) == answer


def test_alone_is_as_among_others(repository: Path) -> None:
    # Ten clients at a time, each with a request of its own kind, in rows for four.
    drawn = random.Random(1)
    bodies = [
        {
            "prompt": drawn.choice(["", "the cat", "a good film about a bad dog", "Zwei"]),
            "max_tokens": drawn.randint(1, 25),
            "temperature": drawn.choice([0, 0.5, 1.0, 2.0]),
            "top_k": drawn.randint(1, 100),
            "seed": number,
            "num_sequences": drawn.randint(1, 3),
        }
        for number in range(30)
    ]
    with live_server(repository, max_decoding_rows=4) as live, ThreadPoolExecutor(10) as pool:

        def ask(body: dict[str, Any]) -> dict[str, Any]:
            answer: dict[str, Any] = live.client.post("/generate", json=body).json()
            return answer

        together = list(pool.map(ask, bodies))
        assert live.metric("step_rows_sum", model="book") > live.metric(
            "step_rows_count", model="book"
        )
        for body, answer in zip(bodies, together, strict=True):
            assert answer == ask(body)


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({"prompt": ["a"]}, 400, "prompt must be a valid string, not a list"),
        ({"prompt": "a" * 20_001}, 413, "prompt: the text has 20,001 characters"),
        ({"prompt": "film " * 2000}, 413, "prompt: the prompt has"),
        ({"max_tokens": 0}, 400, "max_tokens must be greater than or equal to 1"),
        ({"max_tokens": 1025}, 400, "max_tokens must be 1024 or less, as this service is set up"),
        ({"temperature": -0.1}, 400, "temperature must be greater than or equal to 0"),
        ({"temperature": 11}, 400, "temperature must be less than or equal to 10"),
        ({"top_k": 101}, 400, "top_k must be 100 or less"),
        ({"top_p": 0}, 400, "top_p must be greater than 0"),
        ({"seed": -1}, 400, "seed must be greater than or equal to 0"),
        ({"seed": 2**63}, 400, "seed must be less than or equal to"),
        ({"stop": ""}, 400, "stop must be 8 texts at most, each of 1 to 100 characters"),
        ({"stop": ["a"] * 9}, 400, "stop must be 8 texts at most"),
        ({"stop": 3}, 400, "stop must be a string or a list of strings"),
        ({"num_sequences": 9}, 400, "num_sequences must be 8 or less"),
        ({"words": 3}, 400, 'unknown field "words"; known fields are'),
        ({"model": "sentiment"}, 404, 'no generation model is called "sentiment"; served here: bo'),
        ({"version": 2}, 404, "version 2 of book is not loaded; loaded are: 1"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(
    writer: TestClient, change: dict[str, object], status: int, message: str
) -> None:
    for headers in ({}, EVENTS):
        if "num_sequences" in change and headers:
            message = "a stream is of one text: leave out num_sequences"
        response = writer.post("/generate", json={**ASKED, **change}, headers=headers)
        assert response.status_code == status
        assert list(response.json()) == ["error"]
        assert response.json()["error"].startswith(message)


def test_without_a_generator_there_is_a_clear_answer(client: TestClient) -> None:
    response = client.post("/generate", json=ASKED)
    assert response.status_code == 400
    assert response.json()["error"].startswith("no generation model is served here")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/predict", {"inputs": "a", "model": "book"}),
        ("/translate", {"q": "a", "source": "en", "target": "de", "model": "book"}),
        ("/explain", {"inputs": "a", "model": "book"}),
        ("/explain", {"q": "a", "source": "en", "target": "de", "model": "book"}),
        ("/huggingface/book", {"inputs": "a"}),
        ("/tag", {"inputs": "a", "model": "book"}),
        ("/sequences", {"inputs": [], "model": "book"}),
    ],
)
def test_other_routes_refuse_a_generator(
    writer: TestClient, path: str, body: dict[str, object]
) -> None:
    response = writer.post(path, json=body)
    assert response.status_code in (400, 404)
    assert list(response.json()) == ["error"]


def test_models_tell_of_it(writer: TestClient) -> None:
    found = {model["name"]: model for model in writer.get("/models").json()}
    assert found["book"]["task"] == "generation"
    assert found["book"]["state"] == "ready"
    assert writer.get("/models/book").json()["manifest"]["states"] == ["memory"]


# --- streams


def test_the_tokens_make_up_the_text(writer: TestClient) -> None:
    for fields in ({}, {"temperature": 0}, {"prompt": ""}, {"prompt": "a film "}):
        whole = generate(writer, **fields)
        *tokens, last = stream(writer, **fields)
        assert last == ("done", whole)
        assert joined(tokens) == whole["text"]
        assert len(tokens) > 1


def test_a_stream_is_for_those_who_want_one(writer: TestClient) -> None:
    for accept, kind in (
        ("application/json, text/event-stream;q=0", "application/json"),
        ("TEXT/EVENT-STREAM", "text/event-stream"),
    ):
        response = writer.post("/generate", json=ASKED, headers={"Accept": accept})
        assert response.headers["content-type"].startswith(kind)


def test_a_stream_holds_back_what_may_be_a_stop_text(writer: TestClient) -> None:
    text = generate(writer, max_tokens=40)["text"]
    for place in range(3, 20):
        whole = generate(writer, max_tokens=40, stop=text[place : place + 4])
        *tokens, last = stream(writer, max_tokens=40, stop=text[place : place + 4])
        assert last == ("done", whole)
        assert joined(tokens) == whole["text"]


@contextmanager
def open_stream(live: Live, **fields: Any) -> Iterator[Iterator[Event]]:
    body = {**ASKED, **fields}
    with live.client.stream("POST", "/generate", json=body, headers=EVENTS) as response:
        assert response.status_code == 200
        yield parse(response.iter_lines())


def test_a_client_that_leaves_frees_its_row(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = []
    step = GeneratorBatch.step

    def counted(batch: GeneratorBatch, k: int) -> Any:
        steps.append(batch.rows)
        return step(batch, k)

    monkeypatch.setattr(GeneratorBatch, "step", counted)
    with live_server(repository, max_generated_tokens=1_000_000) as live:
        long = {"max_tokens": 1_000_000, "temperature": 5, "top_k": 20}
        with open_stream(live, **long) as events:
            assert next(events)[0] == "token"
        live.until(lambda: live.metric("running_sequences", model="book") == 0)
        assert len(steps) < 500_000
        assert live.outcomes("book") == {"cancelled": 1}
        assert live.taken("book") == 0


def test_a_deadline_ends_it(repository: Path) -> None:
    with live_server(repository, max_generated_tokens=1_000_000) as live:
        body = {**ASKED, "max_tokens": 1_000_000, "temperature": 5, "top_k": 20}
        answer = live.client.post("/generate", json=body, headers={"X-Timeout-Ms": "100"})
        assert answer.status_code == 504
        live.until(lambda: live.metric("running_sequences", model="book") == 0)
        assert live.outcomes("book") == {"expired": 1}


# --- the Open Inference Protocol

PARAMETERS = {"max_tokens": 12, "seed": 3}


def test_generate_of_the_protocol_gives_the_same(writer: TestClient) -> None:
    whole = generate(writer)["text"]
    asked = {"text_input": ASKED["prompt"], **PARAMETERS, "stream": False}
    answer = writer.post("/v2/models/book/generate", json=asked).json()
    assert answer == {"model_name": "book", "model_version": "1", "text_output": whole}
    response = writer.post("/v2/models/book/versions/1/generate_stream", json=asked)
    events = [
        json.loads(line.removeprefix("data: ")) for line in response.text.splitlines() if line
    ]
    assert "".join(event["text_output"] for event in events) == whole
    assert len(events) > 1


def test_infer_takes_texts_or_tokens(writer: TestClient) -> None:
    text = {"name": "text_input", "datatype": "BYTES", "shape": [2, 1]}
    prompts = [ASKED["prompt"], "the cat"]
    asked = {"inputs": [{**text, "data": prompts}], "parameters": PARAMETERS}
    (output,) = writer.post("/v2/models/book/infer", json=asked).json()["outputs"]
    assert (output["name"], output["shape"]) == ("text_output", [2, 1])
    assert output["data"][0] == generate(writer)["text"]

    tokens = tiny_models.tokenizer().encode(prompts[0])
    rows = {"name": "tokens", "datatype": "INT32", "shape": [1, len(tokens)], "data": tokens}
    lengths = {"name": "lengths", "datatype": "INT32", "shape": [1, 1], "data": [len(tokens)]}
    asked = {"inputs": [rows, lengths], "parameters": PARAMETERS}
    outputs = writer.post("/v2/models/book/infer", json=asked).json()["outputs"]
    found = {output["name"]: output["data"] for output in outputs}
    assert found["output_lengths"] == [12]
    decoded = tiny_models.tokenizer().decode([*tokens, *found["output_tokens"]])
    assert decoded == prompts[0] + generate(writer)["text"]


def test_the_protocol_needs_no_prompt_either(writer: TestClient) -> None:
    whole = generate(writer, prompt="")["text"]
    asked = {"text_input": "", **PARAMETERS}
    answer = writer.post("/v2/models/book/generate", json=asked)
    assert answer.json()["text_output"] == whole
    assert writer.post("/v2/models/book/generate_stream", json=asked).status_code == 200
    sequences = [one["text"] for one in generate(writer, prompt="", num_sequences=2)["sequences"]]
    text = {"name": "text_input", "datatype": "BYTES", "shape": [2], "data": ["", ""]}
    body = {"inputs": [text], "parameters": PARAMETERS}
    (output,) = writer.post("/v2/models/book/infer", json=body).json()["outputs"]
    assert output["data"] == sequences
    long = {"inputs": [{**text, "data": ["", "a" * 20_001]}]}
    answer = writer.post("/v2/models/book/infer", json=long)
    assert answer.status_code == 413
    assert answer.json()["error"].startswith("text_input[1]: the text has 20,001 characters")
    for model, task in (("sentiment", "generate"), ("translation-en-de", "generate_stream")):
        answer = writer.post(f"/v2/models/{model}/{task}", json={"text_input": ""})
        assert answer.json() == {"error": "text_input: the text is empty; send at least one word"}


@pytest.mark.parametrize("route", ["generate", "generate_stream"])
def test_the_protocol_refuses_what_is_not_for_a_generator(writer: TestClient, route: str) -> None:
    path = f"/v2/models/book/{route}"
    for name, value, message in (
        ("beam_size", 1, 'unknown parameter "beam_size"; known here are'),
        ("max_tokens", 5000, "max_tokens must be 1024 or less"),
        ("num_sequences", 2, "num_sequences: the answer has one continuation of each text"),
        ("temperature", 31.5, "temperature must be less than or equal to 10"),
    ):
        response = writer.post(path, json={"text_input": "a", name: value})
        assert response.status_code == 400
        assert message in response.json()["error"]
    metadata = writer.get("/v2/models/book").json()
    assert [tensor["name"] for tensor in metadata["inputs"]] == ["text_input", "tokens", "lengths"]
    assert writer.get("/v2/models/book/ready").json() == {"name": "book", "ready": True}
    assert writer.get("/v2/models/book/config").status_code == 200
