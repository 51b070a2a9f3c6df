"""Triton's own client, which sends what no test here has written: every call that it offers."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tritonclient.http as triton
import tritonclient.http.aio as triton_aio
from tritonclient.utils import InferenceServerException

from service import __version__
from service.pipelines.classification import ClassificationPipeline
from service.pipelines.translation import SearchOptions, TranslationPipeline
from tests import tiny_models
from tests.service.api.live import PAIR, Live, live_server
from tests.service.api.open_inference.conftest import (
    client_of,
    integers,
    text_input,
    texts_of,
    token_inputs,
)

TRANSLATOR = "translation-en-de"
TEXTS = ["a good film", "a bad film", "Größe, 日本 and a bad cat"]


def test_the_server_tells_what_it_is(client: Any) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    metadata = client.get_server_metadata()
    assert (metadata["name"], metadata["version"]) == ("gatehouse", __version__)
    assert {"binary_tensor_data", "model_repository", "statistics"} <= set(metadata["extensions"])


def test_models_are_ready_or_not(client: Any) -> None:
    assert client.is_model_ready("sentiment")
    assert client.is_model_ready(TRANSLATOR, "1")
    assert not client.is_model_ready("sentiment", "2")
    assert not client.is_model_ready("mood")


def test_a_model_tells_its_tensors(client: Any) -> None:
    metadata = client.get_model_metadata("sentiment")
    assert metadata == client.get_model_metadata("sentiment", "1")
    assert (metadata["name"], metadata["versions"]) == ("sentiment", ["1"])
    assert metadata["inputs"] == [
        {"name": "text_input", "datatype": "BYTES", "shape": [-1, 1]},
        {"name": "tokens", "datatype": "INT32", "shape": [-1, -1]},
        {"name": "lengths", "datatype": "INT32", "shape": [-1, 1]},
    ]
    assert metadata["outputs"] == [
        {"name": "label", "datatype": "BYTES", "shape": [-1, -1]},
        {"name": "score", "datatype": "FP32", "shape": [-1, -1]},
        {"name": "logits", "datatype": "FP32", "shape": [-1, 2]},
    ]
    outputs = client.get_model_metadata(TRANSLATOR)["outputs"]
    assert [output["name"] for output in outputs] == [
        "text_output",
        "score",
        "output_tokens",
        "output_lengths",
    ]
    with pytest.raises(InferenceServerException, match=r"\[404\] version 7 of sentiment"):
        client.get_model_metadata("sentiment", "7")
    with pytest.raises(InferenceServerException, match=r'\[400\] the version is "new"'):
        client.get_model_metadata("sentiment", "new")


def test_what_the_metadata_promises_comes(client: Any) -> None:
    for name in ("sentiment", TRANSLATOR):
        promised = {
            output["name"]: (output["datatype"], output["shape"])
            for output in client.get_model_metadata(name)["outputs"]
        }
        given = {}
        for inputs in ([text_input(TEXTS)], token_inputs([[5, 6, 2], [7, 2]])):
            for output in client.infer(name, inputs).get_response()["outputs"]:
                given[output["name"]] = (output["datatype"], output["shape"])
        assert given.keys() == promised.keys()
        for output, (datatype, shape) in given.items():
            wanted = promised[output]
            assert datatype == wanted[0]
            assert len(shape) == len(wanted[1])
            assert all(size in (-1, real) for size, real in zip(wanted[1], shape, strict=True))


def test_a_model_has_a_configuration(client: Any) -> None:
    config = client.get_model_config("sentiment")
    assert config == client.get_model_config("sentiment", "1")
    assert config["name"] == "sentiment"
    assert config["max_batch_size"] == 256
    assert config["input"][0] == {
        "name": "text_input",
        "data_type": "TYPE_STRING",
        "dims": [1],
        "optional": True,
    }
    assert config["parameters"]["label_1"] == {"string_value": "negative"}
    languages = client.get_model_config(TRANSLATOR)["parameters"]
    assert languages["target_language"] == {"string_value": "de"}


@pytest.mark.parametrize("binary", [True, False])
def test_texts_are_classified_as_by_predict(live: Live, client: Any, binary: bool) -> None:
    outputs = [triton.InferRequestedOutput(name, binary_data=binary) for name in ("label", "score")]
    result = client.infer("sentiment", [text_input(TEXTS, binary)], outputs=outputs)
    expected = live.client.post("/predict", json={"inputs": TEXTS}).json()
    assert texts_of(result, "label") == [[p["label"] for p in row] for row in expected]
    scores = np.array([[p["score"] for p in row] for row in expected], np.float32)
    np.testing.assert_array_equal(result.as_numpy("score").astype(np.float32), scores)


def test_outputs_are_chosen_ordered_and_each_written_as_it_was_asked(client: Any) -> None:
    result = client.infer(
        "sentiment",
        [text_input(TEXTS)],
        outputs=[
            triton.InferRequestedOutput("score", binary_data=True),
            triton.InferRequestedOutput("label", binary_data=False),
        ],
    )
    score, label = result.get_response()["outputs"]
    assert (score["name"], label["name"]) == ("score", "label")
    assert score["parameters"] == {"binary_data_size": 4 * 3 * 2}
    assert "data" not in score
    assert label["data"][:2] == ["positive", "negative"]
    only = client.infer(
        "sentiment", [text_input(TEXTS)], outputs=[triton.InferRequestedOutput("label")]
    )
    assert [output["name"] for output in only.get_response()["outputs"]] == ["label"]


def test_the_answer_names_its_request_and_its_version(client: Any) -> None:
    answer = client.infer(
        "sentiment", [text_input(TEXTS)], model_version="1", request_id="request 7"
    ).get_response()
    assert (answer["model_name"], answer["model_version"]) == ("sentiment", "1")
    assert answer["id"] == "request 7"
    assert "id" not in client.infer("sentiment", [text_input(TEXTS)]).get_response()


def test_a_list_of_texts_may_have_one_axis_alone(client: Any) -> None:
    tensor = triton.InferInput("text_input", [1], "BYTES")
    tensor.set_data_from_numpy(np.array([b"a bad film"], dtype=object))
    assert texts_of(client.infer("sentiment", [tensor]), "label") == [["negative", "positive"]]


def test_top_k_is_a_parameter(client: Any) -> None:
    result = client.infer("sentiment", [text_input(TEXTS)], parameters={"top_k": 1})
    assert result.as_numpy("score").shape == (3, 1)
    assert texts_of(result, "label")[:2] == [["positive"], ["negative"]]


@pytest.mark.parametrize(("asked", "given"), [(1, 1), (2, 2), (9, 2)])
def test_classes_come_with_their_values_and_places(client: Any, asked: int, given: int) -> None:
    wanted = [triton.InferRequestedOutput("score", class_count=asked)]
    result = client.infer("sentiment", [text_input(["a bad film"])], outputs=wanted)
    (row,) = texts_of(result, "score")
    score = tiny_models.expected_score("a bad film", 1)
    assert row == [f"{score:f}:1:negative", f"{1 - score:f}:0:positive"][:given]


@pytest.mark.parametrize("binary", [True, False])
def test_tokens_give_the_logits_of_the_graph(
    client: Any, classifier: ClassificationPipeline, binary: bool
) -> None:
    rows = classifier.tokenize(TEXTS)
    result = client.infer(
        "sentiment",
        token_inputs(rows, binary),
        outputs=[triton.InferRequestedOutput("logits", binary_data=binary)],
    )
    logits = result.as_numpy("logits")
    np.testing.assert_allclose(logits, classifier.logits(rows), atol=1e-5)
    best = client.infer(
        "sentiment",
        token_inputs(rows, binary),
        outputs=[triton.InferRequestedOutput("logits", class_count=1)],
    )
    assert [row[0].partition(":")[2] for row in texts_of(best, "logits")] == [
        "0:positive",
        "1:negative",
        "1:negative",
    ]


@pytest.mark.parametrize("binary", [True, False])
def test_texts_are_translated_as_by_translate(live: Live, client: Any, binary: bool) -> None:
    texts = [*TEXTS, "  A good film.\n\nA bad dog ran. "]
    outputs = [triton.InferRequestedOutput("text_output", binary_data=binary)]
    result = client.infer(TRANSLATOR, [text_input(texts, binary)], outputs=outputs)
    expected = live.client.post("/translate", json={"q": texts, **PAIR}).json()
    assert texts_of(result, "text_output") == [[text] for text in expected["translatedText"]]


def test_the_search_has_its_parameters(live: Live, client: Any) -> None:
    fields = {"beam_size": 3, "num_hypotheses": 2, "length_penalty": 0.5, "max_length": 4}
    result = client.infer(TRANSLATOR, [text_input(TEXTS)], parameters=fields)
    expected = live.client.post("/translate", json={"q": TEXTS, **PAIR, **fields}).json()
    assert texts_of(result, "text_output") == [
        [hypothesis["text"] for hypothesis in row] for row in expected["hypotheses"]
    ]
    np.testing.assert_allclose(
        result.as_numpy("score"),
        [[hypothesis["score"] for hypothesis in row] for row in expected["hypotheses"]],
        rtol=1e-5,
        atol=1e-6,
    )


@pytest.mark.parametrize("binary", [True, False])
def test_tokens_are_translated_to_tokens(
    client: Any, translator: TranslationPipeline, binary: bool
) -> None:
    tokenizer = translator.artifact.tokenizer
    rows = [tokenizer.encode(text) for text in TEXTS]
    result = client.infer(TRANSLATOR, token_inputs(rows, binary), parameters={"beam_size": 2})
    tokens, lengths = result.as_numpy("output_tokens"), result.as_numpy("output_lengths")
    expected = translator.search(rows, SearchOptions(beam_size=2))
    for row, length, hypotheses in zip(tokens, lengths[:, 0], expected, strict=True):
        assert tuple(row[:length]) == hypotheses[0].tokens
        assert not row[length:].any()
    assert lengths.max() == tokens.shape[1]
    scores = [[hypotheses[0].score] for hypotheses in expected]
    np.testing.assert_allclose(result.as_numpy("score"), scores, rtol=1e-4, atol=1e-5)


def test_what_stands_behind_the_length_of_a_row_does_not_count(client: Any) -> None:
    lengths = integers("lengths", np.array([[2]], np.int32))
    short = client.infer("sentiment", [integers("tokens", np.array([[5, 6]], np.int32)), lengths])
    padded = np.array([[5, 6, 999_999, -1]], np.int32)
    long = client.infer("sentiment", [integers("tokens", padded), lengths])
    np.testing.assert_array_equal(short.as_numpy("logits"), long.as_numpy("logits"))


@pytest.mark.parametrize("sent", ["gzip", "deflate", None])
@pytest.mark.parametrize("received", ["gzip", "deflate", None])
def test_bodies_may_be_compressed(client: Any, sent: str | None, received: str | None) -> None:
    texts = ["a good film " * 20, "a bad film " * 20] * 8
    result = client.infer(
        "sentiment",
        [text_input(texts)],
        request_compression_algorithm=sent,
        response_compression_algorithm=received,
    )
    assert [row[0] for row in texts_of(result, "label")] == ["positive", "negative"] * 8


def test_the_scheduling_parameters_are_understood(client: Any) -> None:
    result = client.infer(
        "sentiment",
        [text_input(["a good film"])],
        priority=2,
        timeout=20_000_000,
        sequence_id=3,
        sequence_start=True,
        sequence_end=True,
    )
    assert texts_of(result, "label") == [["positive", "negative"]]
    with pytest.raises(InferenceServerException, match=r"\[400\] timeout must be 300,000,000 mic"):
        client.infer("sentiment", [text_input(["good"])], timeout=300_000_001)


def test_rows_of_tokens_share_a_batch_with_texts(published_models: Path) -> None:
    def ask_with_tokens() -> Any:
        with client_of(live) as client:
            return client.infer("sentiment", token_inputs([[5, 6, 7]])).as_numpy("logits")

    def ask(text: str) -> Any:
        return live.client.post("/predict", json={"inputs": text}).json()

    with live_server(published_models) as live, ThreadPoolExecutor() as pool:
        alone = ask_with_tokens()
        gate = live.gates.of("classifier")
        gate.close()
        first = pool.submit(ask, "a good film")
        gate.wait_until_held()
        raw = pool.submit(ask_with_tokens)
        live.until(lambda: live.taken("sentiment") == 2)
        second = pool.submit(ask, "a bad film")
        live.until(lambda: live.taken("sentiment") == 3)
        gate.open()
        assert (first.result()[0]["label"], second.result()[0]["label"]) == ("positive", "negative")
        np.testing.assert_allclose(raw.result(), alone, atol=1e-6)
        assert gate.rows == [1, 2]


def test_a_lower_priority_goes_behind(published_models: Path) -> None:
    def ask(text: str, **scheduling: int) -> None:
        with client_of(live) as client:
            client.infer("sentiment", [text_input([text])], **scheduling)

    with live_server(published_models, max_batch_size=1) as live, ThreadPoolExecutor() as pool:
        gate = live.gates.of("classifier")
        gate.close()
        first = pool.submit(ask, "held")
        gate.wait_until_held()
        behind = pool.submit(ask, "behind", priority=2)
        live.until(lambda: live.taken("sentiment") == 2)
        before = pool.submit(ask, "before", priority=1)
        live.until(lambda: live.taken("sentiment") == 3)
        gate.let_through(2)
        before.result()
        assert not behind.done()
        gate.open()
        first.result()
        behind.result()


def test_a_timeout_in_microseconds_ends_the_wait(published_models: Path) -> None:
    with live_server(published_models) as live, client_of(live) as client:
        gate = live.gates.of("classifier")
        gate.close()
        with pytest.raises(InferenceServerException) as raised:
            client.infer("sentiment", [text_input(["a good film"])], timeout=50_000)
        assert raised.value.status() == "504"
        assert raised.value.message().startswith("not answered within 50 ms")
        gate.open()
        assert live.outcomes("sentiment") == {"expired": 1}


def test_what_is_wrong_is_said(client: Any) -> None:
    good = text_input(["good"])
    for arguments, message in (
        ({"model_name": "mood", "inputs": [good]}, r'\[404\] no model is called "mood"'),
        ({"model_name": "sentiment", "inputs": [good], "model_version": "2"}, r"\[404\] version 2"),
        (
            {"model_name": "sentiment", "inputs": [good, *token_inputs([[5]])]},
            r'\[400\] the inputs are "text_input", "tokens", "lengths"; send text_input, or tokens',
        ),
        (
            {
                "model_name": "sentiment",
                "inputs": [good],
                "outputs": [triton.InferRequestedOutput("logits")],
            },
            r'\[400\] there is no output "logits"; text_input give: label, score',
        ),
        (
            {"model_name": "sentiment", "inputs": [good], "parameters": {"beam_size": 1}},
            r'\[400\] unknown parameter "beam_size"; known here are .*top_k',
        ),
        (
            {"model_name": TRANSLATOR, "inputs": [good], "parameters": {"beam_size": 11}},
            r"\[400\] beam_size must be 10 or less",
        ),
        (
            {"model_name": TRANSLATOR, "inputs": [good], "parameters": {"beam_size": "5"}},
            r"\[400\] parameters.beam_size must be a valid integer",
        ),
        (
            {"model_name": "sentiment", "inputs": [text_input(["good", " "])]},
            r"\[400\] text_input\[1\]: the text is only white space",
        ),
        (
            {"model_name": "sentiment", "inputs": token_inputs([[5], [400]])},
            r"\[400\] tokens\[1\] holds a token outside 0 to \d+",
        ),
        (
            {"model_name": "sentiment", "inputs": [text_input(["good"] * 257)]},
            r"\[413\] text_input holds 257 rows; the limit is 256",
        ),
    ):
        with pytest.raises(InferenceServerException, match=message):
            client.infer(**arguments)


def test_requests_are_made_side_by_side(live: Live) -> None:
    url = "{}:{}".format(*live.address)
    with triton.InferenceServerClient(url, concurrency=4) as client:
        asked = [client.async_infer("sentiment", [text_input([text])]) for text in TEXTS * 4]
        labels = [texts_of(one.get_result(), "label")[0][0] for one in asked]
    assert labels == ["positive", "negative", "negative"] * 4


def test_the_asynchronous_client_is_understood_too(live: Live) -> None:
    async def ask() -> list[list[str]]:
        async with triton_aio.InferenceServerClient("{}:{}".format(*live.address)) as client:
            assert await client.is_model_ready("sentiment")
            with pytest.raises(InferenceServerException, match="no model is called"):
                await client.get_model_metadata("mood")
            result = await client.infer(
                "sentiment",
                [text_input(TEXTS)],
                request_compression_algorithm="gzip",
                response_compression_algorithm="deflate",
            )
            return texts_of(result, "label")

    assert [row[0] for row in asyncio.run(ask())] == ["positive", "negative", "negative"]


def test_requests_are_counted_by_their_route(live: Live, client: Any) -> None:
    route = "/v2/models/{name}/versions/{version}/infer"
    client.infer("sentiment", [text_input(["good"])], model_version="1")
    assert live.metric("requests_total", route=route, method="POST", status="200") > 0


def test_a_version_is_asked_for_by_its_number(models: Path) -> None:
    tiny_models.publish_classifier(models, labels=("negative", "positive"))
    with live_server(models, keep_versions=2) as live, client_of(live) as client:
        assert client.get_model_metadata("sentiment")["versions"] == ["1", "2"]
        for version, label in (("", "negative"), ("1", "positive"), ("2", "negative")):
            result = client.infer("sentiment", [text_input(["a good film"])], model_version=version)
            assert texts_of(result, "label")[0][0] == label
            assert result.get_response()["model_version"] == (version or "2")
