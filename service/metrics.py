"""What the service counts, in the text format of Prometheus.

It knows nothing about routes or models beyond their names. Counters may be raised from any
thread. With several workers every process writes to a shared folder that `service.cli` makes,
and whichever worker is asked adds all of them up.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

# prometheus_client itself reads this variable when it is imported, so it cannot be a setting.
FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
CONTENT_TYPE = CONTENT_TYPE_LATEST
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """The counters of one worker."""

    def __init__(self, registry: CollectorRegistry, folder: Path | None = None) -> None:
        self._registry = registry
        self._folder = folder
        self.requests = Counter(
            "gatehouse_requests",
            "Requests answered, by route template, method and status.",
            ["route", "method", "status"],
            registry=registry,
        )
        self.request_seconds = Histogram(
            "gatehouse_request_seconds",
            "Seconds from the first byte of a request to the last of its answer.",
            ["route"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self.requests_in_progress = Gauge(
            "gatehouse_requests_in_progress",
            "Requests that wait for or are in computation, by task.",
            ["task"],
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.texts = Counter(
            "gatehouse_texts", "Texts answered, by model.", ["model"], registry=registry
        )
        self.models = Gauge(
            "gatehouse_models",
            "Models by state: loading, ready, failed.",
            ["state"],
            registry=registry,
            multiprocess_mode="mostrecent",
        )
        # Not an Info, which does not work across processes.
        self.model_info = Gauge(
            "gatehouse_model_info",
            "1 for every model that is ready.",
            ["name", "version", "task", "precision"],
            registry=registry,
            multiprocess_mode="mostrecent",
        )
        if folder is None:
            ProcessCollector(registry=registry)
            PlatformCollector(registry=registry)
            GCCollector(registry=registry)
        else:
            _forget_dead_workers(folder)

    def render(self) -> bytes:
        """All metrics in Prometheus's text format, those of the other workers included."""
        if self._folder is None:
            return generate_latest(self._registry)
        gathered = CollectorRegistry()
        MultiProcessCollector(gathered, path=str(self._folder))  # type: ignore[no-untyped-call]
        return generate_latest(gathered)


def metrics_of_this_process(environment: Mapping[str, str]) -> Metrics:
    """The metrics of a worker: its own alone, or one of several that share a folder."""
    folder = environment.get(FOLDER_VARIABLE)
    return Metrics(CollectorRegistry(), Path(folder) if folder else None)


def _forget_dead_workers(folder: Path) -> None:
    """Takes the gauges of workers that died out of the sums; called where one replaces them."""
    for file in folder.glob("gauge_live*_*.db"):
        pid = int(file.stem.rpartition("_")[2])
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]
        except PermissionError:
            continue
