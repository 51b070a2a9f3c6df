"""What the engines and the requests to them are counted by, model by model.

Children of labelled metrics are looked up once a model, because they are used at every batch and
every step. May be used from any thread.
"""

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from service.tallies import Tallies

OUTCOMES = ("answered", "refused", "expired", "cancelled", "failed")
BOUNDS = ("rows", "wait")
MIRRORED = ("same", "different", "failed", "dropped")
# Of a request: from a short text that finds nobody waiting to the default deadline.
_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
# Of a batch or a step: from a step of one hypothesis to the longest text that may come.
_RUN_SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5)
_ROWS = (1, 2, 4, 8, 16, 32, 64, 128)


class EngineMetrics:
    """The metrics of all models of a worker."""

    def __init__(self, registry: CollectorRegistry, tallies: Tallies | None = None) -> None:
        """tallies: of the registry, where it has some already."""
        self.tallies = tallies or Tallies(registry)

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"gatehouse_{name}", text, ["model", *labels], registry=registry)

        def histogram(name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
            return Histogram(
                f"gatehouse_{name}", text, ["model"], buckets=buckets, registry=registry
            )

        # "livesum" leaves out the workers that died.

        def gauge(name: str, text: str) -> Gauge:
            return Gauge(
                f"gatehouse_{name}",
                text,
                ["model"],
                registry=registry,
                multiprocess_mode="livesum",
            )

        self.jobs = counter(
            "inference_requests",
            "Requests that came to a model's queue by outcome: answered, refused (429), expired "
            "(504), cancelled (the client has gone), failed.",
            "outcome",
        )
        self.refusals = counter(
            "refusals",
            "Requests refused with 429, by the bound of the queue that they would have passed: "
            "rows, wait.",
            "bound",
        )
        self.texts = counter("texts", "Texts answered, from the cache too.")
        self.tokens = counter(
            "tokens",
            "Tokens of the requests answered: read (in), written by a decoder (out).",
            "direction",
        )
        self.batch_tokens = counter(
            "batch_tokens", "Tokens of the batches of a classifier or an encoder, with padding."
        )
        self.cached = counter(
            "cache_lookups", "Texts looked up in the cache, by result: hit, miss.", "result"
        )
        self.cache_bytes = Gauge(
            "gatehouse_cache_bytes",
            "Memory of the cached answers of all models, roughly.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.mirrored = counter(
            "mirrored_requests",
            "Requests given to the candidate too, by how its answer compares: same, different, "
            "failed, dropped (not answered, because there was too much to do).",
            "outcome",
        )
        self.queue_seconds = histogram(
            "queue_seconds", "Seconds that a request waited until its first row began.", _SECONDS
        )
        self.compute_seconds = histogram(
            "compute_seconds", "Seconds from a request's first row to its last result.", _SECONDS
        )
        self.first_token_seconds = histogram(
            "first_token_seconds",
            "Seconds from the arrival of a request at a decoder to its first token.",
            _SECONDS,
        )
        self.batch_rows = histogram(
            "batch_rows", "Rows of a batch of a classifier or an encoder.", _ROWS
        )
        self.batch_seconds = histogram(
            "batch_seconds",
            "Seconds that a batch of a classifier or an encoder took.",
            _RUN_SECONDS,
        )
        self.step_rows = histogram("step_rows", "Hypotheses of a step of a decoder.", _ROWS)
        self.step_seconds = histogram(
            "step_seconds",
            "Seconds that a step of a decoder took, with the search and the encoding of what "
            "joined.",
            _RUN_SECONDS,
        )
        self.waiting_rows = gauge("waiting_rows", "Texts and sentences that wait.")
        self.running_sequences = gauge("running_sequences", "Sentences that are being decoded.")
        self._models: dict[str, ModelMetrics] = {}

    def of(self, model: str) -> "ModelMetrics":
        """The metrics of a model."""
        metrics = self._models.get(model)
        if metrics is None:
            metrics = self._models[model] = ModelMetrics(self, model)
        return metrics


class ModelMetrics:
    """The metrics of one model."""

    def __init__(self, metrics: EngineMetrics, model: str) -> None:
        self.last_answered = 0.0  # seconds since 1970, in this process
        # All that is counted at every request, batch or step is noted first.
        counter, histogram = metrics.tallies.counter, metrics.tallies.histogram
        self._outcomes = {
            outcome: counter(metrics.jobs.labels(model, outcome)) for outcome in OUTCOMES
        }
        self._answered = self._outcomes["answered"]
        self._refusals = {bound: counter(metrics.refusals.labels(model, bound)) for bound in BOUNDS}
        self._texts = counter(metrics.texts.labels(model))
        self._read = counter(metrics.tokens.labels(model, "in"))
        self._written = counter(metrics.tokens.labels(model, "out"))
        self.batch_tokens = counter(metrics.batch_tokens.labels(model))
        self._hits = metrics.cached.labels(model, "hit")
        self._misses = metrics.cached.labels(model, "miss")
        self._mirrored = {outcome: metrics.mirrored.labels(model, outcome) for outcome in MIRRORED}
        self._queue_seconds = histogram(metrics.queue_seconds.labels(model))
        self._compute_seconds = histogram(metrics.compute_seconds.labels(model))
        self._first_token_seconds = histogram(metrics.first_token_seconds.labels(model))
        self.batch_rows = histogram(metrics.batch_rows.labels(model))
        self.batch_seconds = histogram(metrics.batch_seconds.labels(model))
        self.step_rows = histogram(metrics.step_rows.labels(model))
        self.step_seconds = histogram(metrics.step_seconds.labels(model))
        self.waiting_rows = metrics.waiting_rows.labels(model)
        self.running_sequences = metrics.running_sequences.labels(model)

    def outcome(self, outcome: str) -> None:
        """Count a request that was taken and not answered; see OUTCOMES."""
        self._outcomes[outcome].note()

    def refused(self, bound: str) -> None:
        """Count a request that was not taken, and the bound that forbade it; see BOUNDS."""
        self._outcomes["refused"].note()
        self._refusals[bound].note()

    def answered(self, tokens: int, queue_seconds: float, compute_seconds: float) -> None:
        """Count a request that was answered, the tokens it gave, and its times."""
        self.last_answered = time.time()
        self._answered.note()
        self._read.note(tokens)
        self._queue_seconds.note(queue_seconds)
        self._compute_seconds.note(compute_seconds)

    def decoded(self, tokens: int, first_token_seconds: float) -> None:
        """Count the tokens written for a request, and the time until the first."""
        self._written.note(tokens)
        self._first_token_seconds.note(first_token_seconds)

    def texts(self, count: int) -> None:
        """Count texts answered."""
        self._texts.note(count)

    def cached(self, hits: int, misses: int) -> None:
        """Count texts looked up in the cache."""
        self._hits.inc(hits)
        self._misses.inc(misses)

    def mirrored(self, outcome: str) -> None:
        """Count a request given to the candidate too; see MIRRORED."""
        self._mirrored[outcome].inc()

    def engine(self) -> "EngineMeasures":
        """What one engine of the model measures."""
        return EngineMeasures(self)


class EngineMeasures:
    """What an engine measures of itself; see `service.runtime.measures`."""

    def __init__(self, model: ModelMetrics) -> None:
        self._model = model
        self._waiting = 0
        self._running = 0

    def batch(self, rows: int, tokens: int, seconds: float) -> None:
        """A batch was computed: rows, tokens with padding, time."""
        self._model.batch_rows.note(rows)
        self._model.batch_seconds.note(seconds)
        self._model.batch_tokens.note(tokens)

    def step(self, rows: int, seconds: float) -> None:
        """A decoder took a step."""
        self._model.step_rows.note(rows)
        self._model.step_seconds.note(seconds)

    def load(self, waiting: int, running: int) -> None:
        """Rows that wait and sequences that are decoded, now."""
        # A model has several engines, and its gauges are their sums.
        if waiting != self._waiting:
            self._model.waiting_rows.inc(waiting - self._waiting)
            self._waiting = waiting
        if running != self._running:
            self._model.running_sequences.inc(running - self._running)
            self._running = running
