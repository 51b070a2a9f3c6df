"""What the OpenAPI document says of these routes: enough to call them, and true."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.service.api.conftest import loaded_client
from tests.service.api.live import Live


def operations(document: Any) -> Iterator[tuple[str, str, Any]]:
    """Path, method and operation of each route of the protocol."""
    for path, item in document["paths"].items():
        if path == "/v2" or path.startswith("/v2/"):
            for method, operation in item.items():
                yield path, method, operation


def test_every_route_is_described(published_models: Path) -> None:
    with loaded_client(published_models, allow_model_changes=True) as client:
        document = client.get("/openapi.json").json()
    found = list(operations(document))
    assert len({operation["operationId"] for _, _, operation in found}) == len(found) == 21
    for path, _, operation in found:
        assert operation["summary"], path
        assert operation["description"], path
        good = operation["responses"]["200"]["content"]
        assert all(answer["schema"] for answer in good.values()), path
        if "{name}" in path:
            error = operation["responses"]["404"]["content"]["application/json"]["schema"]
            assert error == {"$ref": "#/components/schemas/Error"}
    assert "$defs" not in str(document["paths"])


def test_changes_are_not_shown_where_they_are_off(live: Live) -> None:
    paths = live.client.get("/openapi.json").json()["paths"]
    assert "/v2/repository/index" in paths
    assert not [path for path in paths if path.endswith(("/load", "/unload"))]


@pytest.mark.parametrize("model", ["sentiment", "translation-en-de"])
def test_the_examples_are_answered(live: Live, model: str) -> None:
    document = live.client.get("/openapi.json").json()
    asked = 0
    for path, method, operation in operations(document):
        if method != "post":
            continue
        body = operation["requestBody"]["content"]["application/json"]
        for example in body["examples"].values():
            if model == "sentiment" and "beam_size" in str(example):
                continue
            path_of = path.replace("{name}", model).replace("{version}", "1")
            response = live.client.post(path_of, json=example["value"])
            assert response.status_code == 200, (path_of, example, response.text)
            asked += 1
    assert asked > 6
