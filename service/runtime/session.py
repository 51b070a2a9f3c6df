"""The only place that imports onnxruntime.

A `Session` is thread-safe: ``run`` releases the interpreter lock and may be called from any
thread. Knows nothing about what its graph means.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

# Linux builds since 1.29 report the names of model files unless this is set before the import.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime

Array = np.ndarray


class Session:
    """An ONNX graph, ready to run on the CPU."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session
        self.inputs: tuple[str, ...] = tuple(tensor.name for tensor in session.get_inputs())
        self.outputs: tuple[str, ...] = tuple(tensor.name for tensor in session.get_outputs())

    def run(
        self, feeds: Mapping[str, Array], outputs: Sequence[str] | None = None
    ) -> dict[str, Array]:
        """The outputs of those names, or all of them."""
        names = self.outputs if outputs is None else outputs
        return dict(zip(names, self._session.run(names, feeds), strict=True))

    def bind(self, feeds: Mapping[str, Array], results: Mapping[str, Array]) -> "BoundRun":
        """A run that reads some arrays and writes others, which may be repeated.

        It allocates and copies nothing, and computes the outputs that `results` names alone. The
        arrays are contiguous, and results have the shapes and types that the graph gives. Binding
        takes as long as ten repetitions save.
        """
        return BoundRun(self._session, feeds, results)


class BoundRun:
    """What `Session.bind` makes. Owned by one thread."""

    def __init__(
        self,
        session: onnxruntime.InferenceSession,
        feeds: Mapping[str, Array],
        results: Mapping[str, Array],
    ) -> None:
        self.feeds = dict(feeds)
        self.results = dict(results)  # it writes into their memory, which they keep
        self._session = session
        self._binding = session.io_binding()
        for name, array in self.feeds.items():
            self._binding.bind_cpu_input(name, array)
        for name, array in self.results.items():
            self._binding.bind_output(
                name, "cpu", 0, array.dtype.type, array.shape, array.ctypes.data
            )

    def run(self) -> None:
        """Compute the results from what the feeds hold now."""
        self._session.run_with_iobinding(self._binding)


def open_session(model: Path | bytes, threads: int) -> Session:
    """A session of a graph in a file or in its bytes, which computes on ``threads`` threads.

    Raises onnxruntime's errors for a bad graph.

    Threads do not spin while they wait (the server shares the cores with them), memory plans are
    off (they are kept for each shape ever seen, and every batch has a new one) and the arena is
    off for the same reason: it never gives memory back.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.enable_mem_pattern = False
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3  # errors only
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    source = model if isinstance(model, bytes) else str(model)
    return Session(
        onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    )
