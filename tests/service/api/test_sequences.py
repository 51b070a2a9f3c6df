"""POST /sequences: forecasts and labels of steps of columns, and what is wrong is said."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import tiny_models, tiny_sequences
from tests.service.api.conftest import loaded_client
from tests.service.api.live import live_server

SOLD = {"sold": [20, 25], "promoted": [1, None]}
MEALS = [{"meal": "pizza"}, {"meal": "burger"}]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier, a forecaster and a labeller; no test may change them."""
    folder = tmp_path_factory.mktemp("columns") / "models"
    tiny_models.publish_classifier(folder)
    tiny_sequences.publish_forecaster(folder)
    tiny_sequences.publish_labeller(folder)
    return folder


@pytest.fixture(scope="module")
def client(models: Path) -> Iterator[TestClient]:
    with loaded_client(models) as client:
        yield client


def asked(client: TestClient, **body: object) -> Any:
    response = client.post("/sequences", json=body)
    assert response.status_code == 200, response.text
    return response.json()


def refused(client: TestClient, status: int = 400, **body: object) -> str:
    response = client.post("/sequences", json=body)
    assert response.status_code == status, response.text
    assert list(response.json()) == ["error"]
    return str(response.json()["error"])


def test_a_series_gets_its_forecast_with_an_interval(client: TestClient) -> None:
    answer = asked(client, model="sales", inputs=SOLD)
    assert answer == {
        "columns": ["sold"],
        "forecast": [[26.0], [27.0], [28.0]],
        "interval": 0.8,
        "lower": [[25.0], [25.0], [25.0]],
        "upper": [[27.0], [29.0], [31.0]],
    }
    shorter = asked(client, model="sales", inputs=SOLD, horizon=2)
    assert [len(shorter[key]) for key in ("forecast", "lower", "upper")] == [2, 2, 2]


def test_steps_and_columns_are_the_same_sequence(client: TestClient) -> None:
    steps = [{"sold": 20, "promoted": 1}, {"promoted": None, "sold": 25}]
    one = asked(client, model="sales", inputs=SOLD)
    assert asked(client, model="sales", inputs=steps) == one
    assert asked(client, model="sales", inputs=[steps, SOLD]) == [one, one]
    assert asked(client, model="sales", inputs=[steps]) == [one]


def test_labels_come_as_predict_gives_them(client: TestClient) -> None:
    best, other = asked(client, model="dinner", inputs=MEALS)
    assert (best["label"], other["label"]) == ("burger", "pizza")
    assert best["score"] + other["score"] == pytest.approx(1)
    assert asked(client, model="dinner", inputs=[MEALS], top_k=1) == [[best]]


def test_an_answer_does_not_depend_on_its_batch(client: TestClient) -> None:
    sequences = [{"sold": list(range(20, 20 + n)), "promoted": [0] * n} for n in range(2, 40)]
    together = asked(client, model="sales", inputs=sequences)
    assert together == [asked(client, model="sales", inputs=one) for one in sequences]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"inputs": MEALS}, 'several sequence models are served; choose with "model": dinner, sa'),
        ({"model": "sales", "inputs": []}, "inputs is an empty list; send at least one step"),
        ({"model": "sales", "inputs": {}}, "inputs is an empty object; send at least one column"),
        ({"model": "sales", "inputs": "20"}, "inputs must be a list of steps, an object of col"),
        ({"model": "sales", "inputs": None}, "inputs must be a list of steps, an object of col"),
        ({"model": "sales"}, "the field inputs is missing; send an object such as"),
        ({"model": "sales", "inputs": [20, 21]}, "inputs[0] is no sequence; send a list of steps"),
        ({"model": "sales", "inputs": [SOLD, []]}, "inputs[1] is an empty list; send at least on"),
        ({"model": "sales", "inputs": [SOLD, [3]]}, "inputs[1][0] is no step; send an object of "),
        (
            {"model": "sales", "inputs": {"sold": 3}},
            'inputs: the column "sold" is no list of values',
        ),
        (
            {"model": "sales", "inputs": [SOLD, {**SOLD, "promoted": [1]}]},
            "inputs[1]: the columns have different numbers of steps: sold 2, promoted 1",
        ),
        (
            {"model": "dinner", "inputs": [*MEALS, {"dish": "fries"}]},
            "inputs[2] has other columns than the first step: dish, and not meal; send null where",
        ),
        ({"model": "sales", "inputs": {"sold": [1, 2]}}, 'inputs: the column "promoted" is missin'),
        (
            {"model": "sales", "inputs": [SOLD, {"sold": [1, None], "promoted": [1, 1]}]},
            'inputs[1]: step 1: "sold" is null, and may not be missing',
        ),
        ({"model": "dinner", "inputs": [{"meal": "sushi"}]}, 'inputs: step 0: "meal" is "sushi"; '),
        (
            {"model": "sales", "inputs": {"sold": [1], "promoted": [1]}},
            "inputs: the sequence has 1 step; send 2 at least",
        ),
        ({"model": "dinner", "inputs": MEALS, "horizon": 1}, "horizon is for a forecast; dinner"),
        ({"model": "sales", "inputs": SOLD, "top_k": 1}, "top_k is for labels; sales forecasts"),
        ({"model": "sales", "inputs": SOLD, "horizon": 4}, "horizon is 4; sales forecasts 3 steps"),
        ({"model": "sales", "inputs": SOLD, "steps": 4}, 'unknown field "steps"; known fields are'),
    ],
)
def test_what_is_wrong_is_said(client: TestClient, body: dict[str, Any], message: str) -> None:
    assert refused(client, **body).startswith(message)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-1e308", "1e999", "1" * 400, "true", '"3"'])
def test_what_is_no_number_of_a_column_is_refused(client: TestClient, value: str) -> None:
    body = f'{{"model": "sales", "inputs": {{"sold": [20, {value}], "promoted": [1, 1]}}}}'
    response = client.post("/sequences", content=body.encode())
    assert response.status_code == 400
    assert "send a number" in response.json()["error"] or "no JSON" in response.json()["error"]


def test_models_and_versions_are_looked_up(client: TestClient) -> None:
    assert refused(client, 404, model="sentiment", inputs=SOLD) == (
        'no sequence model is called "sentiment"; served here: dinner, sales'
    )
    assert refused(client, 404, model="sales", version=2, inputs=SOLD).startswith(
        "version 2 of sales is not loaded"
    )
    assert asked(client, model="sales", version=1, inputs=SOLD)["forecast"][0] == [26.0]


def test_limits_are_settings(models: Path) -> None:
    with loaded_client(models, max_texts=2, max_sequence_steps=5) as client:
        assert refused(client, 413, model="sales", inputs=[SOLD] * 3).startswith(
            "inputs holds 3 sequences; the limit is 2 a request"
        )
        long = {"sold": [1] * 6, "promoted": [1] * 6}
        assert refused(client, 413, model="sales", inputs=[SOLD, long]).startswith(
            "inputs[1]: the sequence has 6 steps; the limit is 5, and this model reads the last 6"
        )


def test_a_sequence_model_is_no_model_of_texts(client: TestClient) -> None:
    texts = {"inputs": "good", "model": "dinner"}
    for path, body in (
        ("/predict", texts),
        ("/explain", texts),
        ("/translate", {"q": "good", "source": "en", "target": "de", "model": "dinner"}),
        ("/huggingface/dinner", {"inputs": "good"}),
        ("/v2/models/dinner/generate", {"text_input": "good"}),
        ("/v2/models/dinner/generate_stream", {"text_input": "good"}),
    ):
        response = client.post(path, json=body)
        assert response.status_code in (400, 404), path
        assert "dinner" in response.json()["error"], path
    # Nor is it the default where no model is named.
    assert client.post("/predict", json={"inputs": "good"}).json()[0]["label"] == "positive"


def test_models_say_what_they_read(client: TestClient) -> None:
    dinner, sales, _ = client.get("/models").json()
    assert (dinner["task"], dinner["labels"], dinner["columns"]) == (
        "sequence", ["pizza", "burger"], ["meal"],
    )  # fmt: skip
    assert (sales["labels"], sales["columns"], sales["forecast"]) == (
        None, ["sold", "promoted"], ["sold"],
    )  # fmt: skip
    manifest = client.get("/models/sales").json()["manifest"]
    assert manifest["columns"][0]["mean"] == 30.0


def test_a_deadline_ends_the_wait_and_others_are_answered(models: Path) -> None:
    with live_server(models) as live:
        gate = live.gates.of("sequence", "sales")
        gate.close()
        body = {"model": "sales", "inputs": SOLD}
        late = live.client.post("/sequences", json=body, headers={"X-Timeout-Ms": "1"})
        assert late.status_code == 504
        with ThreadPoolExecutor() as pool:
            waiting = [pool.submit(live.client.post, "/sequences", json=body) for _ in range(3)]
            live.until(lambda: live.taken("sales") == 3)
            gate.open()
            assert [one.result().status_code for one in waiting] == [200] * 3
        assert live.outcomes("sales") == {"answered": 3, "expired": 1}
        assert live.metric("texts_total", model="sales") == 3


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["sold", "promoted", "meal", "x"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(st.sampled_from(["sales", "dinner"]), _values, st.integers(0, 4) | st.none())
def test_whatever_is_sent_is_answered_below_500(
    client: TestClient, model: str, inputs: object, horizon: int | None
) -> None:
    body = json.dumps({"model": model, "inputs": inputs, "horizon": horizon}).encode()
    response = client.post("/sequences", content=body)
    assert response.status_code in (200, 400, 413)
    if response.status_code != 200:
        assert list(response.json()) == ["error"]


@pytest.mark.parametrize(("shift", "outcome"), [(0.0, "same"), (9.0, "different")])
def test_a_candidate_is_compared(tmp_path: Path, shift: float, outcome: str) -> None:
    """Its forecasts count as the same where they are near the active version's."""
    models = tmp_path / "models"
    tiny_sequences.publish_forecaster(models)
    draft = tiny_sequences.forecaster_draft(examples=())
    tiny_sequences.publish_shifted(models, draft, shift)
    with live_server(models, allow_model_changes=True) as live:
        assert live.client.post("/models/sales/activate", json={"version": 1}).status_code == 200
        candidate = {"version": 2, "mirror": True}
        assert live.client.put("/models/sales/candidate", json=candidate).status_code == 200
        body = {"model": "sales", "inputs": SOLD}
        assert live.client.post("/sequences", json=body).json()["forecast"][0] == [26.0]
        live.until(
            lambda: live.metric("mirrored_requests_total", model="sales", outcome=outcome) == 1
        )
