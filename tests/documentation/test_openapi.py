"""The OpenAPI document says of every route what it does, what it takes, and what it answers."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from tests.service.api.conftest import make_app

METHODS = {"get", "put", "post", "delete", "patch"}


@pytest.fixture(scope="module")
def document(published_models: Path) -> dict[str, Any]:
    """The document of a service that shows the routes for operators too."""
    document: dict[str, Any] = make_app(published_models, allow_model_changes=True).openapi()
    return document


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in item.keys() & METHODS:
            yield f"{method.upper()} {path}", item[method]


def resolved(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """A schema, or the one that it refers to."""
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = document
    for key in schema["$ref"].removeprefix("#/").split("/"):
        found = found[key]
    return found


def has_example(media: dict[str, Any], document: dict[str, Any]) -> bool:
    """Whether a body's media type, or its schema down to each required field, has an example."""
    return "example" in media or "examples" in media or _exemplified(media["schema"], document)


def _exemplified(schema: dict[str, Any], document: dict[str, Any]) -> bool:
    schema = resolved(schema, document)
    if schema.keys() & {"examples", "example", "const", "enum"} or schema.get("type") == "boolean":
        return True
    if schema.get("type") == "array":
        return _exemplified(schema["items"], document)
    if "anyOf" in schema:
        return any(_exemplified(one, document) for one in schema["anyOf"])
    properties = schema.get("properties", {})
    return bool(properties) and all(
        _exemplified(properties[name], document) for name in schema.get("required", properties)
    )


def test_every_route_has_a_summary_and_a_description(document: dict[str, Any]) -> None:
    found = list(operations(document))
    assert len(found) > 10
    missing = [
        f"{name}: {part}"
        for name, operation in found
        for part in ("summary", "description", "tags")
        if not operation.get(part)
    ]
    assert not missing, "\n".join(missing)
    names = [operation["operationId"] for _, operation in found]
    assert len(set(names)) == len(names)


def test_every_parameter_is_described(document: dict[str, Any]) -> None:
    missing = [
        f"{name}: {parameter['name']}"
        for name, operation in operations(document)
        for parameter in operation.get("parameters", [])
        if not parameter.get("description")
    ]
    assert not missing, "\n".join(missing)


def test_every_body_has_an_example(document: dict[str, Any]) -> None:
    missing = []
    for name, operation in operations(document):
        asked = operation.get("requestBody", {"content": {}})["content"]
        # A form has the fields of the JSON.
        if asked and not any(has_example(media, document) for media in asked.values()):
            missing.append(f"{name}: request")
        for status, response in operation["responses"].items():
            for kind, media in response.get("content", {}).items():
                if not has_example(media, document):
                    missing.append(f"{name}: {status}, {kind}")
    assert not missing, "\n".join(missing)


def models_of_the_interface(kind: type[BaseModel] = BaseModel) -> Iterator[type[BaseModel]]:
    for one in kind.__subclasses__():
        if one.__module__.startswith("service.api."):
            yield one
        yield from models_of_the_interface(one)


def test_examples_fit_their_schemas() -> None:
    checked = 0
    for model in models_of_the_interface():
        extra = model.model_config.get("json_schema_extra")
        examples = extra.get("examples") if isinstance(extra, dict) else None
        for example in examples if isinstance(examples, list) else []:
            model.model_validate_json(json.dumps(example))
            checked += 1
    assert checked > 10


def test_every_route_says_how_it_fails(document: dict[str, Any]) -> None:
    missing = []
    for name, operation in operations(document):
        failures = {s: r for s, r in operation["responses"].items() if s[0] in "45"}
        if ("requestBody" in operation or "parameters" in operation) and not failures:
            missing.append(f"{name}: no errors")
        for status, response in failures.items():
            schema = response["content"]["application/json"]["schema"]
            if not response["description"] or set(resolved(schema, document)["properties"]) != {
                "error"
            }:
                missing.append(f"{name}: {status}")
    assert not missing, "\n".join(missing)
