"""Whatever is sent to these routes, the answer is a result or {"error": …} below 500."""

import json
import zlib
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from service.api.open_inference.messages import read_request
from service.errors import InvalidInput
from tests.service.api.live import Live

# The server is one for the whole run, and no request changes it.
relaxed = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
any_text = st.text(st.characters(exclude_categories=()), max_size=20)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text,
    lambda children: (
        st.lists(children, max_size=4) | st.dictionaries(any_text, children, max_size=3)
    ),
    max_leaves=8,
)
sizes = st.integers(-1, 4) | st.integers()
shapes = st.lists(sizes, max_size=3) | json_values
tensors = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["text_input", "tokens", "lengths"]) | any_text,
        "shape": shapes,
        "datatype": st.sampled_from(["BYTES", "INT32", "FP32"]) | any_text,
    },
    optional={
        "data": st.lists(st.text(max_size=5) | st.integers(-1, 400), max_size=4) | json_values,
        "parameters": st.fixed_dictionaries(
            {},
            optional={
                "binary_data_size": st.integers(-1, 12) | json_values,
                "shared_memory_region": json_values,
            },
        )
        | json_values,
    },
)
texts = st.lists(st.text(max_size=8), min_size=1, max_size=3)
good_texts = texts.map(
    lambda some: [{"name": "text_input", "shape": [len(some)], "datatype": "BYTES", "data": some}]
)
good_rows = st.lists(st.integers(-1, 320), min_size=1, max_size=5).map(
    lambda row: [
        {"name": "tokens", "shape": [1, len(row)], "datatype": "INT32", "data": [row]},
        {"name": "lengths", "shape": [1], "datatype": "INT32", "data": [len(row)]},
    ]
)
outputs = st.fixed_dictionaries(
    {"name": st.sampled_from(["label", "score", "logits", "text_output"]) | any_text},
    optional={
        "parameters": st.fixed_dictionaries(
            {},
            optional={
                "binary_data": st.booleans() | json_values,
                "classification": st.integers(-1, 3) | json_values,
            },
        )
        | json_values
    },
)
parameters = st.fixed_dictionaries(
    {},
    optional={
        "top_k": st.integers(-1, 3) | json_values,
        "beam_size": st.integers(-1, 3) | json_values,
        "num_hypotheses": st.integers(-1, 3) | json_values,
        "max_length": st.integers(-1, 3) | json_values,
        "priority": st.integers(-1, 3) | json_values,
        "binary_data_output": st.booleans() | json_values,
        "sequence_id": json_values,
        "triton_anything": json_values,
    },
)
messages = st.fixed_dictionaries(
    {"inputs": good_texts | good_rows | st.lists(tensors, max_size=3) | json_values},
    optional={
        "id": any_text | json_values,
        "parameters": parameters | json_values,
        "outputs": st.lists(outputs, max_size=2) | json_values,
        "anything else": json_values,
    },
)
MODELS = st.sampled_from(["sentiment", "translation-en-de"])


def check(response: Any) -> None:
    assert response.status_code in {200, 400, 404, 413}
    if response.status_code != 200:
        body = response.json()
        assert list(body) == ["error"]
        assert isinstance(body["error"], str)
        assert 0 < len(body["error"]) < 500


@relaxed
@given(model=MODELS, message=messages | json_values, tail=st.binary(max_size=20))
def test_infer_answers_any_message(live: Live, model: str, message: Any, tail: bytes) -> None:
    header = json.dumps(message).encode()
    path = f"/v2/models/{model}/infer"
    headers = {"Inference-Header-Content-Length": str(len(header))}
    check(live.client.post(path, content=header))
    check(live.client.post(path, content=header + tail, headers=headers))


@relaxed
@given(model=MODELS, inputs=good_texts | good_rows)
def test_the_good_half_of_these_messages_is_answered(live: Live, model: str, inputs: Any) -> None:
    # Else the test above would pass by refusing everything.
    response = live.client.post(f"/v2/models/{model}/infer", json={"inputs": inputs})
    data = inputs[0]["data"]
    if inputs[0]["name"] == "text_input":
        readable = all(text.strip() for text in data)
        assert response.status_code == 200 or not readable or "nothing to read" in response.text
    else:
        known = all(0 <= token < 307 for token in data[0])
        assert (response.status_code == 200) == known, response.text


@relaxed
@given(
    body=st.binary(max_size=60),
    length=st.integers().map(str) | st.text(st.characters(codec="ascii", categories=["L", "N"])),
    coding=st.sampled_from(["", "gzip", "deflate", "br"]),
)
@example(body=b"{}", length="", coding="")
@example(body=b"{}", length="1" * 4000, coding="")
@example(body=b"\xef\xbb\xbf{}", length="5", coding="")
@example(body=b"[" * 60, length="60", coding="")
def test_any_bytes_and_headers_are_answered(
    live: Live, body: bytes, length: str, coding: str
) -> None:
    headers = {"Inference-Header-Content-Length": length}
    if coding:
        headers["Content-Encoding"] = coding
    for route in ("infer", "generate", "generate_stream"):
        path = f"/v2/models/sentiment/{route}"
        check(live.client.post(path, content=body, headers=headers))
        if coding == "deflate":
            check(live.client.post(path, content=zlib.compress(body), headers=headers))


@relaxed
@given(body=st.binary(max_size=80), length=st.none() | st.integers(0, 90).map(str))
def test_a_body_is_read_whole_or_refused(body: bytes, length: str | None) -> None:
    try:
        request, parts = read_request(body, length)
    except InvalidInput:
        return
    assert len(request.inputs) == len(parts)


@relaxed
@given(
    model=MODELS,
    body=st.fixed_dictionaries(
        {"text_input": st.text(max_size=10) | json_values},
        optional={
            "parameters": parameters | json_values,
            "stream": json_values,
            "beam_size": st.just(1) | json_values,
        },
    )
    | json_values,
)
def test_generate_answers_any_json(live: Live, model: str, body: Any) -> None:
    for route in ("generate", "generate_stream"):
        content = json.dumps(body).encode()
        response = live.client.post(f"/v2/models/{model}/{route}", content=content)
        if response.headers["content-type"].startswith("text/event-stream"):
            assert response.status_code == 200
            *events, end = response.text.split("\n\n")
            assert end == ""
            assert all(json.loads(event.removeprefix("data: ")) for event in events)
        else:
            check(response)


@relaxed
@given(body=json_values)
def test_the_index_answers_any_json(live: Live, body: Any) -> None:
    check(live.client.post("/v2/repository/index", content=json.dumps(body).encode()))


@relaxed
@given(name=st.text(max_size=12), version=st.text(max_size=12))
def test_any_name_and_version_are_answered(live: Live, name: str, version: str) -> None:
    quoted = ["".join(f"%{byte:02x}" for byte in part.encode()) for part in (name, version)]
    for suffix in ("", "/ready", "/config", "/stats"):
        for path in (f"/v2/models/{quoted[0]}", f"/v2/models/sentiment/versions/{quoted[1]}"):
            response = live.client.get(path + suffix)
            if response.status_code != 405:  # the empty name
                check(response)


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ({}, "inputs is missing"),
        ([], "the JSON of the body is a list; send an object"),
        ({"inputs": []}, "inputs has 0 items; send at least one"),
        ({"inputs": [{"name": "text_input"}]}, "inputs[0].shape is missing"),
        (
            {"inputs": [{"name": "text_input", "shape": ["1"], "datatype": "BYTES"}]},
            "inputs[0].shape[0] must be a valid integer, not a string",
        ),
        (
            {"inputs": [{"name": "text_input", "shape": [1], "datatype": "BYTES"}]},
            "text_input has no data; send a list, or binary data and binary_data_size",
        ),
        (
            {
                "inputs": [
                    {
                        "name": "text_input",
                        "shape": [1],
                        "datatype": "BYTES",
                        "parameters": {"binary_data_size": 9},
                    }
                ]
            },
            'binary_data_size of "text_input" is "9", and 0 bytes are left of the body',
        ),
        (
            {
                "inputs": [
                    {
                        "name": "text_input",
                        "shape": [1],
                        "datatype": "BYTES",
                        "parameters": {"shared_memory_region": "r"},
                    }
                ]
            },
            "text_input is in shared memory; send its data in the request",
        ),
    ],
)
def test_what_is_wrong_with_a_message_is_said(live: Live, message: Any, error: str) -> None:
    response = live.client.post("/v2/models/sentiment/infer", json=message)
    assert response.status_code == 400
    assert response.json()["error"].startswith(error)


def test_what_lies_behind_the_last_tensor_is_refused(live: Live) -> None:
    tensor = {"name": "text_input", "shape": [1], "datatype": "BYTES", "data": ["good"]}
    header = json.dumps({"inputs": [tensor]}).encode()
    response = live.client.post(
        "/v2/models/sentiment/infer",
        content=header + b"more",
        headers={"Inference-Header-Content-Length": str(len(header))},
    )
    assert response.status_code == 400
    assert response.json()["error"].startswith("4 bytes of the body belong to no input")


def test_a_body_that_inflates_beyond_the_limit_is_refused(live: Live) -> None:
    bomb = zlib.compress(b" " * (8 << 20))
    headers = {"Content-Encoding": "deflate"}
    response = live.client.post("/v2/models/sentiment/infer", content=bomb, headers=headers)
    assert response.status_code == 413
    assert "inflates to more than 1,048,576 bytes" in response.json()["error"]


def test_null_stands_for_what_is_left_out(live: Live) -> None:
    tensor = {
        "name": "text_input",
        "shape": [1],
        "datatype": "BYTES",
        "parameters": None,
        "data": ["good"],
    }
    message = {"id": None, "parameters": None, "inputs": [tensor], "outputs": None}
    response = live.client.post("/v2/models/sentiment/infer", json=message)
    assert response.status_code == 200
    assert response.json()["outputs"][0]["data"] == ["positive", "negative"]
    wrong = live.client.post("/v2/models/sentiment/infer", json=message | {"parameters": []})
    assert wrong.json() == {"error": "parameters must be an object, not a list"}
