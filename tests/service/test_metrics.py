"""Metrics: counted alone in one process, added up over several."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from service.metrics import FOLDER_VARIABLE, Metrics

COUNT_IN_ANOTHER_PROCESS = """
import os
from service.metrics import metrics_of_this_process
metrics = metrics_of_this_process(os.environ)
metrics.requests.labels("/predict", "POST", "200").inc(2)
metrics.engines.waiting_rows.labels("translator").inc(5)
metrics.models.labels("ready").set(2)
print(metrics.render().decode())
samples = [sample for metric in metrics.collect() for sample in metric.samples]
print("# collected", *(s.value for s in samples if s.name == "gatehouse_requests_total"))
"""


def samples(text: str) -> dict[str, float]:
    return {
        sample.name + "".join(f" {value}" for _, value in sorted(sample.labels.items())): (
            sample.value
        )
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_counts_are_rendered_and_two_registries_share_nothing() -> None:
    first, second = Metrics(CollectorRegistry()), Metrics(CollectorRegistry())
    first.requests.labels("/predict", "POST", "200").inc()
    rendered = samples(first.render().decode())
    assert rendered["gatehouse_requests_total POST /predict 200"] == 1
    assert rendered["process_resident_memory_bytes"] > 0
    assert not [name for name in rendered if "_created" in name]
    assert "gatehouse_requests_total POST /predict 200" not in samples(second.render().decode())


def test_answers_are_counted_and_timed_by_route() -> None:
    metrics = Metrics(CollectorRegistry())
    for status, seconds in ((200, 0.002), (200, 0.02), (400, 0.004)):
        metrics.request_answered("/predict", "POST", status, seconds)
    rendered = samples(metrics.render().decode())
    assert rendered["gatehouse_requests_total POST /predict 200"] == 2
    assert rendered["gatehouse_requests_total POST /predict 400"] == 1
    assert rendered["gatehouse_request_seconds_count /predict"] == 3
    assert rendered["gatehouse_request_seconds_bucket 0.005 /predict"] == 2
    assert round(rendered["gatehouse_request_seconds_sum /predict"], 6) == 0.026


def test_processes_that_share_a_folder_are_added_up_and_dead_ones_forgotten(
    tmp_path: Path,
) -> None:
    environment = os.environ | {FOLDER_VARIABLE: str(tmp_path)}
    outputs = [
        subprocess.run(
            [sys.executable, "-c", COUNT_IN_ANOTHER_PROCESS],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for _ in range(2)
    ]
    rendered = samples(outputs[-1])
    assert rendered["gatehouse_requests_total POST /predict 200"] == 4
    assert rendered["gatehouse_models ready"] == 2
    # The first process is dead when the second starts, and computes nothing any more.
    assert rendered["gatehouse_waiting_rows translator"] == 5
    assert "# collected 4.0" in outputs[-1]
    (memory,) = [name for name in rendered if name.startswith("process_resident_memory_bytes ")]
    assert rendered[memory] > 0


ANSWER_AND_WRITE_DOWN = """
import os
from service.metrics import metrics_of_this_process
metrics = metrics_of_this_process(os.environ)
metrics.request_answered("/predict", "POST", 200, 0.002)
metrics.engines.of("m").answered(7, 0.001, 0.002)
metrics.write_down()
os._exit(0)
"""


def test_what_a_process_wrote_down_others_see(tmp_path: Path) -> None:
    environment = os.environ | {FOLDER_VARIABLE: str(tmp_path)}
    for program in (ANSWER_AND_WRITE_DOWN, ANSWER_AND_WRITE_DOWN, COUNT_IN_ANOTHER_PROCESS):
        rendered = subprocess.run(
            [sys.executable, "-c", program],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    found = samples(rendered)
    assert found["gatehouse_requests_total POST /predict 200"] == 4
    assert found["gatehouse_request_seconds_count /predict"] == 2
    assert found["gatehouse_tokens_total in m"] == 14


LOAD_AND_FREE = """
import os
from service.metrics import metrics_of_this_process
metrics = metrics_of_this_process(os.environ)
metrics.set_model_info([("m", "1", "classification", "int8")])
metrics.set_model_info([("m", "2", "classification", "int8")])
print(metrics.render().decode())
"""


@pytest.mark.parametrize("shared", [False, True])
def test_the_info_of_a_freed_version_goes(tmp_path: Path, shared: bool) -> None:
    environment = {name: value for name, value in os.environ.items() if name != FOLDER_VARIABLE}
    rendered = subprocess.run(
        [sys.executable, "-W", "error", "-c", LOAD_AND_FREE],
        env=environment | ({FOLDER_VARIABLE: str(tmp_path)} if shared else {}),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    infos = {name: value for name, value in samples(rendered).items() if "model_info" in name}
    assert infos == {"gatehouse_model_info m int8 classification 2": 1}
