"""What is said of a request that does not fit its schema."""

import json
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from service.api.huggingface import TranslationRequest
from service.api.open_inference.generation import GenerationParameters
from service.api.open_inference.messages import InferenceRequest, parse_json, parse_parameters
from service.api.schemas import PredictRequest, TranslateRequest
from service.api.tag import TagRequest
from service.api.validation import describe, first_errors
from service.errors import InvalidInput

TRANSLATE = {"q": "a", "source": "en", "target": "de"}


def refused(schema: type[BaseModel], body: object) -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        schema.model_validate_json(json.dumps(body))
    return caught.value


def test_of_many_errors_the_first_are_those_of_pydantic() -> None:
    # Numbers, texts and null as they are: the kind of a value is told from it.
    values: list[Any] = [1, "a", None, 1.5, True, ["b"], {"c": "ü"}]
    body: dict[str, Any] = {f"field {i}": values[i % len(values)] for i in range(1000)}
    error = refused(PredictRequest, {"inputs": "a", "model": 3, **body})
    assert error.error_count() == 1001
    few = first_errors(error)
    whole = error.errors(include_url=False)[: len(few)]
    assert [(e["type"], e["loc"], e["msg"], e["input"]) for e in few] == [
        (e["type"], e["loc"], e["msg"], e["input"]) for e in whole
    ]
    assert 2 <= len(few) < 20


@pytest.mark.parametrize(
    ("schema", "body", "message"),
    [
        (PredictRequest, {"inputs": "a"}, 'unknown field "k0"; known fields are inputs, model'),
        (PredictRequest, {}, "the field inputs is missing; send an object such as {"),
        (TranslateRequest, TRANSLATE | {"q": [1]}, "q[0] must be a string, not a number"),
        (
            TranslateRequest,
            TRANSLATE | {"q": 1},
            "q must be a string or a list of strings, not",
        ),
    ],
)
def test_unknown_fields_without_end_are_told_as_one(
    schema: type[BaseModel], body: dict[str, Any], message: str
) -> None:
    many = body | {f"k{i}": i for i in range(1000)}
    assert describe(first_errors(refused(schema, many)), schema).startswith(message)


@pytest.mark.parametrize(
    ("schema", "body", "message"),
    [
        (TagRequest, {"tokens": [[1]]}, "tokens[0][0] must be a string, not a number"),
        (TagRequest, {"tokens": [["a"], ["b", None]]}, "tokens[1][1] must be a string, not null"),
        (TagRequest, {"tokens": [["a"], "b"]}, "tokens[1] must be a list, not a string"),
        (TagRequest, {"tokens": ["a", ["b"]]}, "tokens[1] must be a string, not a list"),
        (TagRequest, {"tokens": "abc"}, "tokens must be a list, not a string"),
        (TagRequest, {"tokens": {"a": 1}}, "tokens must be a list, not an object"),
        (TranslateRequest, TRANSLATE | {"glossary": []}, "glossary must be an object, not a list"),
        (
            TranslateRequest,
            TRANSLATE | {"glossary": {"a": "b", "house": 1}},
            'glossary["house"] must be a string, not a number',
        ),
        (
            TranslateRequest,
            TRANSLATE | {"format": "pdf"},
            "format must be 'text' or 'html'",
        ),
        (
            TranslationRequest,
            {"inputs": "a", "parameters": {"generate_parameters": {f"k{i}": 1 for i in range(99)}}},
            'parameters: generate_parameters: unknown field "k0"; known fields are do_sample',
        ),
    ],
)
def test_the_place_and_the_kind_of_a_value_are_named(
    schema: type[BaseModel], body: object, message: str
) -> None:
    assert describe(first_errors(refused(schema, body)), schema).startswith(message)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"stop": 3}, "parameters.stop must be a string or a list of strings, not a number"),
        ({"stop": ["a", 3]}, "parameters.stop[1] must be a string, not a number"),
        ({"seed": "1"}, "parameters.seed must be a valid integer, not a string"),
        ({"temperature": 11}, "parameters.temperature must be less than or equal to 10"),
        ({f"k{i}": i for i in range(1000)}, 'unknown parameter "k0"; known here are'),
    ],
)
def test_parameters_of_the_protocol_are_named(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_parameters(parameters, GenerationParameters)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"inputs": [%b]}' % b",".join([b"{}"] * 17), "inputs has 17 items; send 16 at most"),
        (b'{"inputs": 3}', "inputs must be a list, not a number"),
        (b'{"inputs": [3]}', "inputs[0] must be an object, not a number"),
        (b"3", "the body is a number; send an object"),
        ('{"inputs": []}'.encode("utf-16"), "the body is not UTF-8: byte 0 is 0xff"),
        (b"\xef\xbb\xbf[]", "the body is a list; send an object"),
    ],
)
def test_messages_of_the_protocol_are_told_in_words(body: bytes, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_json(body, InferenceRequest)
    assert str(caught.value).startswith(message)
