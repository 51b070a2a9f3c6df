"""The session: no telemetry, as many threads as asked for, one session for many callers."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from service.artifact import read_artifact
from service.runtime.batches import pad_rows
from service.runtime.session import Array, Session, open_session

VARIABLE = "ORT_DISABLE_TELEMETRY"
# Prints the variable at the moment when onnxruntime is first looked for.
WATCH_THE_IMPORT = f"""
import os, sys
from importlib.abc import MetaPathFinder

class Watcher(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "onnxruntime":
            print(os.environ.get({VARIABLE!r}))
            sys.meta_path.remove(self)

sys.meta_path.insert(0, Watcher())
import service.repository
"""


@pytest.fixture(scope="module")
def graph(published_models: Path) -> Path:
    return published_models / "sentiment" / "1" / "classifier.onnx"


@pytest.mark.parametrize(("given", "seen"), [(None, "1"), ("1", "1"), ("0", "0")])
def test_telemetry_is_off_before_the_import_unless_someone_chose(
    given: str | None, seen: str
) -> None:
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    if given is not None:
        environment[VARIABLE] = given
    result = subprocess.run(
        [sys.executable, "-c", WATCH_THE_IMPORT],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == f"{seen}\n"


def test_tensors_are_named_as_in_the_manifest(published_models: Path) -> None:
    artifact = read_artifact(published_models / "translation-en-de" / "1")
    for name, facts in artifact.manifest.graphs.items():
        session = open_session(artifact.graph_path(name), threads=1)
        assert session.inputs == tuple(tensor.name for tensor in facts.inputs)
        assert set(session.outputs) == {tensor.name for tensor in facts.outputs}


@pytest.mark.parametrize("threads", [1, 3])
def test_options_are_those_of_a_server_that_shares_its_cores(graph: Path, threads: int) -> None:
    options = open_session(graph, threads)._session.get_session_options()
    assert options.intra_op_num_threads == threads
    assert options.inter_op_num_threads == 1
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"
    assert not options.enable_mem_pattern
    assert not options.enable_cpu_mem_arena


def test_callers_in_many_threads_share_a_session(graph: Path) -> None:
    session = open_session(graph, threads=1)
    inputs = [pad_rows([[4 + i] * (i + 1), [5]]) for i in range(8)]

    def logits(pair: tuple[Array, Array]) -> Array:
        tokens, lengths = pair
        return session.run({"tokens": tokens, "lengths": lengths})["logits"]

    alone = [logits(pair) for pair in inputs]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(logits, inputs * 10))
    for i, result in enumerate(together):
        np.testing.assert_array_equal(result, alone[i % len(inputs)])


def test_a_file_that_is_no_graph_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "classifier.onnx"
    path.write_bytes(b"no graph")
    with pytest.raises(Exception, match=r"classifier\.onnx"):
        open_session(path, threads=1)


def test_an_input_that_is_missing_is_an_error(graph: Path) -> None:
    session: Session = open_session(graph, threads=1)
    with pytest.raises(ValueError, match="lengths"):
        session.run({"tokens": np.ones((1, 1), np.int32)})


def test_a_bound_run_reads_what_stands_in_its_feeds_and_writes_in_place(graph: Path) -> None:
    session = open_session(graph, threads=1)
    tokens, lengths = pad_rows([[5, 6, 7], [8]])
    expected = [session.run({"tokens": tokens + i, "lengths": lengths})["logits"] for i in range(3)]
    logits = np.zeros_like(expected[0])
    bound = session.bind({"tokens": tokens, "lengths": lengths}, {"logits": logits})
    for once in expected:
        bound.run()
        np.testing.assert_array_equal(logits, once)
        tokens += 1


def test_a_bound_run_does_without_what_it_does_not_name(published_models: Path) -> None:
    path = published_models / "translation-en-de" / "1" / "encoder.onnx"
    session = open_session(path, threads=1)
    tokens, lengths = pad_rows([[5, 6, 7]])
    feeds = {"tokens": tokens, "lengths": lengths}
    expected = session.run(feeds)
    results = {"encoder_outputs": np.zeros_like(expected["encoder_outputs"])}
    session.bind(feeds, results).run()
    np.testing.assert_array_equal(results["encoder_outputs"], expected["encoder_outputs"])


def test_results_of_another_shape_are_an_error(graph: Path) -> None:
    session = open_session(graph, threads=1)
    tokens, lengths = pad_rows([[5, 6, 7], [8]])
    logits = session.run({"tokens": tokens, "lengths": lengths})["logits"]
    bound = session.bind({"tokens": tokens, "lengths": lengths}, {"logits": logits[:1]})
    with pytest.raises(Exception, match="shape"):
        bound.run()
