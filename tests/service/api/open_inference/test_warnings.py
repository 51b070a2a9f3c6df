"""Texts in another language than the model reads: answered, and not without a word."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.api.languages import WARNING_HEADER
from tests import tiny_models
from tests.service.api.live import Live, live_server
from tests.service.api.open_inference.conftest import client_of, text_input, token_inputs

GERMAN = "der badbadbad badbadbad bad"  # a common German word, and evidence
ENGLISH = "the goodgoodgood cat"
LOOKS = "the text looks German (confidence 1.00); this model reads English"
MODELS = ("sentiment", "translation-en-de")


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """Models of English texts, and one that tells languages."""
    folder: Path = tmp_path_factory.mktemp("warnings")
    tiny_models.publish_classifier(folder, language="en")
    tiny_models.publish_translator(folder)
    tiny_models.publish_language_identifier(folder)
    with live_server(folder) as live:
        yield live


@pytest.mark.parametrize("model", MODELS)
def test_the_client_reads_the_warning(live: Live, model: str) -> None:
    with client_of(live) as client:

        def parameters(inputs: list[Any]) -> Any:
            return client.infer(model, inputs).get_response().get("parameters")

        warned = parameters([text_input([ENGLISH, GERMAN])])
        assert warned == {"warning": f"text_input[1]: {LOOKS}"}
        assert parameters([text_input([ENGLISH])]) is None
        assert parameters(token_inputs([[5, 6, 2]])) is None


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("route", ["infer", "generate", "generate_stream"])
def test_a_header_has_the_warning(live: Live, model: str, route: str) -> None:
    def header(text: str) -> str | None:
        tensor = {"name": "text_input", "shape": [1], "datatype": "BYTES", "data": [text]}
        body = {"inputs": [tensor]} if route == "infer" else {"text_input": text}
        answer = live.client.post(f"/v2/models/{model}/{route}", json=body)
        assert answer.status_code == 200
        return answer.headers.get(WARNING_HEADER)

    field = "text_input[0]" if route == "infer" else "text_input"
    assert header(GERMAN) == f"{field}: {LOOKS}"
    assert header(ENGLISH) is None


@pytest.mark.parametrize(
    ("field", "more"), [("inputs", {}), ("q", {"source": "en", "target": "de"})]
)
def test_an_explanation_has_it_too(live: Live, field: str, more: dict[str, str]) -> None:
    for text, warning in ((GERMAN, f"{field}: {LOOKS}"), (ENGLISH, None)):
        answer = live.client.post("/explain", json={field: text, **more})
        assert answer.status_code == 200
        assert answer.headers.get(WARNING_HEADER) == warning
