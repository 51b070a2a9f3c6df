"""Whatever is sent to POST /tag, the answer is a result or {"error": …} below 500."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from tests import tiny_tagger
from tests.service.api.conftest import loaded_client
from tests.service.api.test_any_input import any_text, check, json_values, relaxed, texts

tag_bodies = st.fixed_dictionaries(
    {},
    optional={
        "inputs": texts,
        "tokens": st.lists(any_text, max_size=5)
        | st.lists(st.lists(any_text, max_size=3), max_size=3)
        | json_values,
        "model": json_values,
        "version": st.integers(0, 2) | json_values,
        "aggregate": st.booleans() | json_values,
    },
)
explain_bodies = st.fixed_dictionaries(
    {"inputs": any_text | json_values, "token": st.integers(-1, 5) | json_values},
    optional={
        "tag": st.sampled_from(tiny_tagger.TAGS) | json_values,
        "against": st.sampled_from(tiny_tagger.TAGS) | json_values,
    },
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("any") / "models"
    tiny_tagger.publish_tagger(folder)
    with loaded_client(folder) as client:
        yield client


@relaxed
@given(body=tag_bodies | json_values)
def test_tag_answers_any_json(client: TestClient, body: Any) -> None:
    response = client.post("/tag", content=json.dumps(body).encode())
    check(response)
    if response.status_code != 200:
        return
    answer, given = response.json(), body.get("inputs", body.get("tokens"))
    if isinstance(body.get("inputs"), str):
        for token in answer["tokens"]:
            assert given[token["start"] : token["end"]] == token["text"]
    elif isinstance(answer, list):
        assert len(answer) == len(given)
    else:
        assert [token["text"] for token in answer["tokens"]] == given


@relaxed
@given(body=explain_bodies)
def test_explain_answers_any_json(client: TestClient, body: Any) -> None:
    response = client.post("/explain", content=json.dumps(body).encode())
    check(response)
    if response.status_code == 200:
        answer = response.json()
        parts = answer["forward"] + answer["backward"] + answer["bias"]
        assert abs(parts - answer["logit"]) < 1e-4
