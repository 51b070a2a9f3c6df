"""Metrics: counted alone in one process, added up over several."""

import os
import subprocess
import sys
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from service.metrics import FOLDER_VARIABLE, Metrics

COUNT_IN_ANOTHER_PROCESS = """
import os
from service.metrics import metrics_of_this_process
metrics = metrics_of_this_process(os.environ)
metrics.requests.labels("/predict", "POST", "200").inc(2)
metrics.requests_in_progress.labels("translation").inc(5)
metrics.models.labels("ready").set(2)
print(metrics.render().decode())
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
    assert "gatehouse_requests_total POST /predict 200" not in samples(second.render().decode())


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
    assert rendered["gatehouse_requests_in_progress translation"] == 5
