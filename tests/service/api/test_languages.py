"""The language of texts, and the warning that a text is not in the model's language."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.api.inference import Call
from service.api.languages import WARNING_HEADER, Detected, warning_header
from service.api.services import Services
from service.errors import NoLanguageModel
from tests import tiny_models
from tests.service.api.conftest import loaded_client
from tests.service.api.live import live_server

GERMAN = "der badbadbad badbadbad bad"  # a common German word, and evidence
ENGLISH = "the goodgoodgood cat"
WARNING = "inputs: the text looks German (confidence 1.00); this model reads English"


@pytest.fixture
def languages(tmp_path: Path) -> Path:
    """A folder with a classifier of English texts and a model that tells languages."""
    tiny_models.publish_classifier(tmp_path, language="en")
    tiny_models.publish_language_identifier(tmp_path)
    return tmp_path


def ask(client: TestClient, use: Callable[[Services, Call], Any]) -> Any:
    """What a coroutine gives in the app's loop, for a call that no client makes."""
    services = client.app.state.services  # type: ignore[attr-defined]

    async def asked() -> Any:
        return await use(services, Call(None, 30.0, False, services.inference.loop.time()))

    assert client.portal is not None
    return client.portal.call(asked)


def predict(client: Any, inputs: object, **more: object) -> tuple[int, str | None]:
    answer = client.post("/predict", json={"inputs": inputs, **more})
    return answer.status_code, answer.headers.get(WARNING_HEADER)


def test_languages_are_detected_best_first(languages: Path) -> None:
    texts = ["good", "bad bad", "12:30 :-)", "https://good.example", "Привет"]
    with loaded_client(languages) as client:
        found = ask(client, lambda services, call: services.languages.detect(texts, call))
    assert [ranked[0].language for ranked in found[:2]] == ["en", "de"]
    assert all(sum(one.confidence for one in ranked) == pytest.approx(1) for ranked in found)
    # Nothing that it could know: every language is as likely.
    assert found[2:] == [[Detected("en", 0.5), Detected("de", 0.5)]] * 3


def test_without_a_model_nothing_is_detected_and_nothing_warned_of(published_models: Path) -> None:
    with loaded_client(published_models) as client:
        with pytest.raises(NoLanguageModel, match=r"no model is served here that tells the lang"):
            ask(client, lambda services, call: services.languages.detect(["good"], call))
        assert predict(client, GERMAN) == (200, None)


def test_a_text_in_another_language_gets_its_answer_and_a_warning(languages: Path) -> None:
    with loaded_client(languages) as client:
        assert predict(client, GERMAN) == (200, WARNING)
        assert predict(client, ENGLISH) == (200, None)
        status, warning = predict(client, [ENGLISH, GERMAN, "Привет, друзья", ENGLISH])
        assert status == 200
        assert warning == (
            "inputs[1]: the text looks German (confidence 1.00); this model reads English; "
            "inputs[2]: the text is mostly in Cyrillic letters; this model reads English"
        )


@pytest.mark.parametrize(
    "text",
    [
        "badbadbad",  # a word
        "bad bad bad",  # too short to be sure
        "Bad Badbadbad Badbad",  # nothing but names, it may be
        "42 :-) 😀 https://der.example/badbadbadbad",
        "µ",
        "der good badbadbad good badbadbad",  # the model is not sure
        "x" * 5_000,
    ],
)
def test_nothing_is_said_where_nobody_can_be_sure(languages: Path, text: str) -> None:
    with loaded_client(languages) as client:
        assert predict(client, text) == (200, None)


def test_a_model_that_states_no_language_or_an_unknown_one_is_not_checked(tmp_path: Path) -> None:
    tiny_models.publish_classifier(tmp_path)
    tiny_models.publish_classifier(tmp_path, name="dutch", language="nl")
    tiny_models.publish_language_identifier(tmp_path)
    with loaded_client(tmp_path) as client:
        assert predict(client, GERMAN, model="sentiment") == (200, None)
        assert predict(client, GERMAN, model="dutch") == (200, None)


def test_a_regional_code_is_its_language(tmp_path: Path) -> None:
    tiny_models.publish_classifier(tmp_path, language="en-GB")
    tiny_models.publish_language_identifier(tmp_path, labels=("en-US", "de-AT"))
    with loaded_client(tmp_path) as client:
        assert predict(client, GERMAN) == (200, WARNING)
        assert predict(client, "good good goodgood goodgood") == (200, None)


def test_warnings_can_be_switched_off(languages: Path) -> None:
    with loaded_client(languages, language_warnings=False) as client:
        assert predict(client, GERMAN) == (200, None)


def test_the_check_counts_as_no_request_of_a_client(languages: Path) -> None:
    with live_server(languages) as live:
        assert predict(live.client, GERMAN) == (200, WARNING)
        live.until(lambda: live.outcomes("sentiment") == {"answered": 1})
        assert live.outcomes("language") == {}
        assert live.metric("texts_total", model="language") == 0
        assert live.taken("language") == 0


def test_a_text_that_is_plainly_english_costs_no_inference(languages: Path) -> None:
    with live_server(languages) as live:
        gate = live.gates.of("classifier", "language")
        gate.rows.clear()
        predict(live.client, [ENGLISH] * 20)
        assert gate.rows == []
        predict(live.client, [ENGLISH, GERMAN, GERMAN])
        assert gate.rows == [2]


def test_an_answer_does_not_wait_for_a_check_that_hangs(languages: Path) -> None:
    with live_server(languages) as live:
        gate = live.gates.of("classifier", "language")
        gate.close()
        assert predict(live.client, GERMAN) == (200, None)
        # The check was given up, and its row is no longer waited for.
        live.until(lambda: live.taken("language") == 0)
        gate.open()
        assert predict(live.client, GERMAN) == (200, WARNING)


def test_a_check_that_fails_takes_no_answer_along(
    languages: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with live_server(languages) as live:
        gate = live.gates.of("classifier", "language")
        gate.error = RuntimeError("the graph is broken")
        assert predict(live.client, GERMAN) == (200, None)
        assert "the language of texts could not be checked" in caplog.messages


def test_the_check_ends_with_the_request_of_a_client_that_goes(languages: Path) -> None:
    with live_server(languages) as live:
        for model in ("sentiment", "language"):
            live.gates.of("classifier", model).close()
        connection = live.send("/predict", {"inputs": GERMAN})
        live.until(lambda: live.taken("sentiment") == live.taken("language") == 1)
        connection.close()
        live.until(lambda: live.taken("sentiment") == live.taken("language") == 0)


def test_the_default_classifier_is_never_the_one_for_languages(languages: Path) -> None:
    tiny_models.publish_classifier(languages, name="mood", labels=("gay", "sad"))
    with loaded_client(languages) as client:
        ask = client.post("/predict", json={"inputs": "good"}).json()
        assert ask[0]["label"] == "positive"
        named = client.post("/predict", json={"inputs": "good", "model": "language"}).json()
        assert named[0]["label"] == "en"


def test_the_header_names_a_few_texts_and_counts_the_others() -> None:
    warnings = [None, "a", "b", None, "c", "d", "e"]
    assert warning_header("q", None, single=True) == {}
    assert warning_header("q", [None, None], single=False) == {}
    assert warning_header("q", ["x"], single=True) == {WARNING_HEADER: "q: x"}
    (line,) = warning_header("q", warnings, single=False).values()
    assert line == "q[1]: a; q[2]: b; q[4]: c; and 2 more"
