"""What the service counts, in the text format of Prometheus.

It knows nothing about routes or models beyond their names. Counters may be raised from any
thread. With several workers every process writes to a shared folder that `service.cli` makes,
and whichever worker is asked adds all of them up.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
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
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from service import __version__
from service.engine_metrics import EngineMetrics
from service.tallies import Tallies, Tally

# prometheus_client itself reads this variable when it is imported, so it cannot be a setting.
FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_MODEL_INFO = "gatehouse_model_info"
CONTENT_TYPE = CONTENT_TYPE_LATEST
_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """The counters of one worker."""

    def __init__(self, registry: CollectorRegistry, folder: Path | None = None) -> None:
        # The time at which each counter was made: a series for every one of them, which nobody
        # asks for, and which several workers cannot tell.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = registry
        self._folder = folder
        self._tallies = Tallies(registry)
        Gauge(
            "gatehouse_build_info",
            "1 for the version of the service.",
            ["version"],
            registry=registry,
            multiprocess_mode="mostrecent",
        ).labels(__version__).set(1)
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
        self._answered: dict[tuple[str, str, int], tuple[Tally, Tally]] = {}
        self.models = Gauge(
            "gatehouse_models",
            "Models by state: loading, ready, failed.",
            ["state"],
            registry=registry,
            multiprocess_mode="mostrecent",
        )
        self.model_versions = Gauge(
            "gatehouse_model_versions",
            "Versions of models by state: available, loading, ready, draining, failed.",
            ["state"],
            registry=registry,
            multiprocess_mode="mostrecent",
        )
        # Not an Info, which does not work across processes.
        self._model_info = Gauge(
            _MODEL_INFO,
            "1 for every version of a model that is loaded.",
            ["name", "version", "task", "precision"],
            registry=registry,
            multiprocess_mode="mostrecent",
        )
        self._loaded: set[tuple[str, ...]] = set()
        self.engines = EngineMetrics(registry, self._tallies)
        if folder is None:
            ProcessCollector(registry=registry)
            PlatformCollector(registry=registry)
            GCCollector(registry=registry)
        else:
            _forget_dead_workers(folder)

    def set_model_info(self, loaded: Iterable[tuple[str, str, str, str]]) -> None:
        """Says which versions are loaded: name, version, task and precision of each.

        Called by one thread.
        """
        before, self._loaded = self._loaded, set(loaded)
        for labels in self._loaded:
            self._model_info.labels(*labels).set(1)
        for labels in before - self._loaded:
            if self._folder is None:
                self._model_info.remove(*labels)
            else:
                # The files that workers share keep every value ever set; `render` omits zeros.
                self._model_info.labels(*labels).set(0)

    def request_answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """Counts an answer. Called in the event loop alone; all labels have few values."""
        key = (route, method, status)
        tallies = self._answered.get(key)
        if tallies is None:  # to look a child up costs more than to count
            tallies = self._answered[key] = (
                self._tallies.counter(self.requests.labels(route, method, str(status))),
                self._tallies.histogram(self.request_seconds.labels(route)),
            )
        tallies[0].note()
        tallies[1].note(seconds)

    def write_down(self) -> None:
        """Lets the other workers see what was counted; to be called now and then."""
        if self._folder is not None:
            self._tallies.write_down()

    def collect(self) -> Iterable[Metric]:
        """The metrics of models and routes, summed over all workers."""
        self.write_down()
        source = self._registry if self._folder is None else _Gathered(self._folder)
        return source.collect()

    def render(self) -> bytes:
        """All metrics in Prometheus's text format, those of the other workers included."""
        if self._folder is None:
            return generate_latest(self._registry)
        self.write_down()
        gathered = CollectorRegistry()
        gathered.register(_Gathered(self._folder))
        gathered.register(_Processes(self._folder))
        return generate_latest(gathered)


class _Gathered(Collector):
    """The numbers of all workers, less the infos of models that are loaded no more."""

    def __init__(self, folder: Path) -> None:
        self._files = MultiProcessCollector(None, path=str(folder))  # type: ignore[no-untyped-call]

    def collect(self) -> Iterator[Metric]:
        """One metric after the other."""
        for metric in self._files.collect():  # type: ignore[no-untyped-call]
            if metric.name == _MODEL_INFO:
                metric.samples = [sample for sample in metric.samples if sample.value]
            yield metric


class _Processes(Collector):
    """What the system says of every worker that lives: memory, processor time, open files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterator[Metric]:
        """One metric after the other, with a sample for each process."""
        metrics: dict[str, Metric] = {}
        for pid in sorted({file.stem.rpartition("_")[2] for file in self._folder.glob("*.db")}):
            for metric in ProcessCollector(pid=partial(int, pid), registry=None).collect():
                merged = metrics.setdefault(metric.name, metric)
                samples = [sample._replace(labels={"pid": pid}) for sample in metric.samples]
                merged.samples = samples if merged is metric else merged.samples + samples
        yield from metrics.values()


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
