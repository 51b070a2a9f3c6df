"""Computations that a test holds at a known point: real sessions behind gates.

Every graph of every version that is loaded while `gated_sessions` is in force gets a gate. A gate
stands open at first, as the proof of a model has to pass it.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from onnxruntime import InferenceSession

from service.pipelines import classification, sequence, translation
from service.runtime.session import Array, BoundRun, Session, open_session

_PATIENCE = 120.0  # seconds; a test that waits for what will never come is to fail, not to hang


class Gate:
    """Holds the runs of one session while it is closed, and counts those that it let through."""

    def __init__(self) -> None:
        self.error: Exception | None = None  # raised in place of a run
        self.rows: list[int] = []  # of each run that came to the gate, in order
        self._changed = threading.Condition()
        self._open = True
        self._allowed = 0  # runs that may pass though it is closed
        self._held = 0

    def close(self) -> None:
        """Hold every run from now on."""
        with self._changed:
            self._open = False
            self.rows.clear()

    def open(self) -> None:
        """Let everything through."""
        with self._changed:
            self._open = True
            self._changed.notify_all()

    def let_through(self, runs: int = 1) -> None:
        """Let some runs through, and wait until the next one is held behind them."""
        with self._changed:
            self._allowed += runs
            self._changed.notify_all()
            held = self._changed.wait_for(lambda: self._allowed == 0 and self._held, _PATIENCE)
        assert held, "no run came to be held: the request may have ended before"

    def wait_until_held(self) -> None:
        """Wait until a run is held."""
        with self._changed:
            held = self._changed.wait_for(lambda: self._held, _PATIENCE)
        assert held, "no run came to be held: the request may have ended before"

    def pass_through(self, rows: int) -> None:
        """The session's call, before each run."""
        with self._changed:
            self.rows.append(rows)
            self._held += 1
            self._changed.notify_all()
            let_go = self._changed.wait_for(lambda: self._open or self._allowed, _PATIENCE)
            assert let_go, "the test does not open the gate"
            self._held -= 1
            self._allowed -= self._allowed > 0
            self._changed.notify_all()
            if self.error is not None:
                raise self.error


class GatedSession(Session):
    """A real session behind a gate."""

    def __init__(self, session: Session, gate: Gate) -> None:
        self._session = session._session
        self._gate = gate
        self.inputs, self.outputs = session.inputs, session.outputs

    def run(
        self, feeds: Mapping[str, Array], outputs: Sequence[str] | None = None
    ) -> dict[str, Array]:
        """The outputs, once the gate lets it run."""
        self._gate.pass_through(len(next(iter(feeds.values()))))
        return super().run(feeds, outputs)

    def bind(self, feeds: Mapping[str, Array], results: Mapping[str, Array]) -> BoundRun:
        """A run that may be repeated, each time once the gate lets it."""
        return GatedRun(self._session, feeds, results, self._gate)


class GatedRun(BoundRun):
    """A real bound run behind a gate."""

    def __init__(
        self,
        session: InferenceSession,
        feeds: Mapping[str, Array],
        results: Mapping[str, Array],
        gate: Gate,
    ) -> None:
        super().__init__(session, feeds, results)
        self._gate = gate

    def run(self) -> None:
        """Compute the results, once the gate lets it run."""
        self._gate.pass_through(len(next(iter(self.feeds.values()))))
        super().run()


class Gates:
    """The gates of all graphs, by model, version and graph."""

    def __init__(self) -> None:
        self._gates: dict[tuple[str, int, str], Gate] = {}

    def of(self, graph: str, model: str | None = None, version: int | None = None) -> Gate:
        """The gate of a graph (classifier, encoder or decoder), of the newest version opened."""
        if model is None:
            model = "sentiment" if graph == "classifier" else "translation-en-de"
        opened = [of for name, of, of_graph in self._gates if (name, of_graph) == (model, graph)]
        return self._gates[model, max(opened) if version is None else version, graph]

    def open_session(self, path: Path, threads: int) -> Session:
        """What pipelines call in place of `service.runtime.session.open_session`."""
        gate = self._gates.setdefault((path.parts[-3], int(path.parts[-2]), path.stem), Gate())
        return GatedSession(open_session(path, threads), gate)

    def open_all(self) -> None:
        """Let everything through, so that whatever is held can end."""
        for gate in self._gates.values():
            gate.open()


@contextmanager
def gated_sessions() -> Iterator[Gates]:
    """Gates for all sessions that are opened within; they are open in the end."""
    gates = Gates()
    with pytest.MonkeyPatch.context() as patch:
        for module in (classification, sequence, translation):
            patch.setattr(module, "open_session", gates.open_session)
        try:
            yield gates
        finally:
            gates.open_all()
