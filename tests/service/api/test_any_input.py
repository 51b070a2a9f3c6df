"""Whatever is sent, the answer is a result or {"error": …} below 500."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from service.api.explanation_schemas import ExplainLabelRequest
from service.api.huggingface import TaggingParameters
from service.api.schemas import PredictRequest
from service.api.tag import TagRequest

# The client is one for the whole run, and no request changes it.
relaxed = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
any_text = st.text(st.characters(exclude_categories=()), max_size=40)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text,
    lambda children: (
        st.lists(children, max_size=4) | st.dictionaries(any_text, children, max_size=3)
    ),
    max_leaves=8,
)
texts = any_text | st.lists(any_text, max_size=4) | json_values
predict_bodies = st.fixed_dictionaries(
    {"inputs": texts},
    optional={
        "model": json_values,
        "version": st.integers(0, 2) | json_values,
        "top_k": st.integers() | json_values,
    },
)
translate_bodies = st.fixed_dictionaries(
    {"q": texts, "source": st.just("en") | any_text, "target": st.just("de") | any_text},
    optional={
        "beam_size": st.integers(-1, 11) | json_values,
        "max_length": st.integers(1, 20) | json_values,
        "length_penalty": st.floats() | json_values,
        "num_hypotheses": st.integers(-1, 11) | json_values,
        "version": st.integers(0, 2) | json_values,
        "model": json_values,
        "format": st.sampled_from(["html", "text"]) | json_values,
        "alternatives": st.integers(-1, 11) | json_values,
    },
)


def check(response: Any) -> None:
    assert response.status_code in {200, 400, 404, 413}
    if response.status_code != 200:
        body = response.json()
        assert list(body) == ["error"]
        assert isinstance(body["error"], str)
        assert body["error"]
        assert len(body["error"]) < 500


@relaxed
@given(body=predict_bodies | json_values)
def test_predict_answers_any_json(client: TestClient, body: Any) -> None:
    response = client.post("/predict", content=json.dumps(body).encode())
    check(response)
    if response.status_code == 200 and isinstance(body["inputs"], list):
        assert len(response.json()) == len(body["inputs"])


@relaxed
@given(body=translate_bodies | json_values)
def test_translate_answers_any_json(client: TestClient, body: Any) -> None:
    response = client.post("/translate", content=json.dumps(body).encode())
    check(response)
    if response.status_code == 200:
        assert isinstance(response.json()["translatedText"], type(body["q"]))


@relaxed
@given(body=translate_bodies)
def test_a_stream_is_answered_for_any_json(client: TestClient, body: Any) -> None:
    headers = {"Accept": "text/event-stream"}
    response = client.post("/translate", content=json.dumps(body).encode(), headers=headers)
    if response.status_code == 200:
        *_, last, end = response.text.split("\n\n")
        assert end == ""
        name, data = last.split("\n")
        assert name == "event: done"
        assert list(json.loads(data.removeprefix("data: "))) == ["translatedText"]
    else:
        check(response)


@relaxed
@given(value=st.binary(max_size=30) | st.integers().map(lambda i: str(i).encode()))
def test_any_time_is_answered(client: TestClient, value: bytes) -> None:
    body = {"inputs": "good"}
    response = client.post("/predict", json=body, headers={b"X-Timeout-Ms": value})
    if response.status_code != 504:  # a millisecond may be too little
        check(response)


@relaxed
@given(body=st.binary(max_size=60) | any_text.map(lambda t: t.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_answered(client: TestClient, body: bytes) -> None:
    for path in ("/predict", "/translate", "/detect", "/huggingface/sentiment"):
        check(client.post(path, content=body))


@relaxed
@given(
    body=st.binary(max_size=60),
    kind=st.sampled_from(
        [
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "multipart/form-data",
        ]
    ),
    part=st.booleans(),
)
def test_any_form_is_answered(client: TestClient, body: bytes, kind: str, part: bool) -> None:
    if part:
        body = b'--x\r\nContent-Disposition: form-data; name="q"\r\n\r\n' + body + b"\r\n--x--"
    for path in ("/translate", "/detect"):
        check(client.post(path, content=body, headers={"Content-Type": kind}))


@relaxed
@given(text=st.text(min_size=1, max_size=40))
def test_any_text_is_answered_and_leaves_its_neighbour_alone(client: TestClient, text: str) -> None:
    alone = client.post("/predict", json={"inputs": "a good film"}).json()
    response = client.post("/predict", json={"inputs": [text, "a good film"]})
    check(response)
    if response.status_code == 200:
        assert response.json()[1] == alone
    else:
        assert response.json()["error"].startswith("inputs[0]: ")


@relaxed
@given(path=st.text(st.characters(codec="utf-8", exclude_characters="?#"), max_size=30))
def test_any_path_is_answered(client: TestClient, path: str) -> None:
    response = client.get("/models/" + "".join(f"%{byte:02x}" for byte in path.encode()))
    check(response)


@pytest.mark.parametrize(
    ("schema", "body"),
    [
        (PredictRequest, {"inputs": [1] * 1000}),
        (TagRequest, {"tokens": [1] * 1000}),
        (TagRequest, {"tokens": [[1]] * 1000}),
        (TagRequest, {"tokens": [[1] * 1000]}),
        (TaggingParameters, {"ignore_labels": [1] * 1000}),
        (ExplainLabelRequest, {"inputs": "a", "units": [-1] * 16}),
    ],
)
def test_a_list_of_wrong_items_is_said_once(schema: type[BaseModel], body: object) -> None:
    # Else a million of them take seconds and a gigabyte.
    with pytest.raises(ValidationError) as caught:
        schema.model_validate(body)
    assert caught.value.error_count() <= 4  # of a union, one of each member
