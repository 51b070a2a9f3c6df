"""What an exported graph must pass before it is written: it computes what the network computes,
and a text's answer does not depend on what it is batched with.

Works on graphs through the service's own session, on real rows of tokens.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import torch

from service.artifact import BOS_ID
from service.pipelines.tensors import Session, open_session, pad_rows
from training.export.translator import IMPOSSIBLE, TranslatorGraphs
from training.networks.classifier import TextClassifier
from training.networks.translator import NO_WORDS, Translator

AGREEMENT = 1e-4  # fp32 graph against torch: logits, log-probabilities
INVARIANCE = {"fp32": 1e-5, "int8": 1e-4}  # a row alone against the row in a batch
Rows = Sequence[Sequence[int]]


class ExportError(RuntimeError):
    """A graph that does not do what its network does; nothing is written."""


def graph_session(model: onnx.ModelProto) -> Session:
    """A session of a graph that is not on disk yet."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.onnx"
        onnx.save(model, path)
        return open_session(path, threads=1)


def check_classifier_agreement(
    network: TextClassifier, model: onnx.ModelProto, temperature: float, rows: Rows
) -> float:
    """Largest difference of a logit between torch and the fp32 graph. Raises ExportError."""
    tokens, lengths = pad_rows(rows)
    got = graph_session(model).run({"tokens": tokens, "lengths": lengths})["logits"]
    with torch.no_grad():
        logits = network(torch.from_numpy(tokens).long(), torch.from_numpy(lengths).long())
    want = logits.numpy() / temperature
    return require_close("torch and onnxruntime", got, want, AGREEMENT)


def check_translator_agreement(network: Translator, graphs: TranslatorGraphs, rows: Rows) -> float:
    """Largest difference of a log-probability along greedy decoding. Raises ExportError."""
    tokens, lengths = pad_rows(rows)
    steps = min(12, tokens.shape[1] + 2)
    with torch.no_grad():
        source = (torch.from_numpy(tokens).long(), torch.from_numpy(lengths).long())
        words, _ = network.greedy(*source, max_length=steps)
        begin = torch.full((len(rows), 1), BOS_ID)
        shifted = torch.cat([begin, words[:, :-1]], dim=1)  # rows x steps
        logits, _ = network(*source, shifted)
        logits[:, :, NO_WORDS] = IMPOSSIBLE
        want = torch.log_softmax(logits, dim=2).numpy()
    got = _ForcedDecoding(graphs).run(rows, shifted.numpy().astype(np.int32))
    possible = want > IMPOSSIBLE / 10  # tokens that are no words differ in how impossible they are
    return require_close("torch and onnxruntime", got[possible], want[possible], AGREEMENT)


def check_classifier_invariance(model: onnx.ModelProto, precision: str, rows: Rows) -> float:
    """Largest difference of a logit between a row alone and in the batch. Raises ExportError."""
    session = graph_session(model)

    def logits(part: Rows) -> np.ndarray:
        tokens, lengths = pad_rows(part)
        return session.run({"tokens": tokens, "lengths": lengths})["logits"]

    alone = np.concatenate([logits([row]) for row in rows])
    return require_close("a text alone and in a batch", logits(rows), alone, INVARIANCE[precision])


def check_translator_invariance(graphs: TranslatorGraphs, precision: str, rows: Rows) -> float:
    """Largest difference of a log-probability between a row alone and in the batch, along a forced
    target. Raises ExportError.
    """
    steps = 8
    forced = np.array([[BOS_ID, *list(row) * steps][:steps] for row in rows], dtype=np.int32)
    decoding = _ForcedDecoding(graphs)
    batched = decoding.run(rows, forced)
    alone = np.concatenate([decoding.run([row], forced[i : i + 1]) for i, row in enumerate(rows)])
    return require_close("a sentence alone and in a batch", batched, alone, INVARIANCE[precision])


class _ForcedDecoding:
    """Runs both graphs along given targets; a session is opened once for all rows."""

    def __init__(self, graphs: TranslatorGraphs) -> None:
        self._encoder = graph_session(graphs.encoder)
        self._step = graph_session(graphs.decoder)
        self._vocabulary = graphs.vocabulary
        self._states = graphs.states
        self._memory = graphs.memory

    def run(self, rows: Rows, target: np.ndarray) -> np.ndarray:
        """Log-probabilities (rows x steps x vocabulary) of every token along ``target``."""
        tokens, lengths = pad_rows(rows)
        encoded = self._encoder.run({"tokens": tokens, "lengths": lengths})
        states = {name: encoded[name] for name in self._states}
        memory = {name: encoded[name] for name in self._memory}
        k = np.array([self._vocabulary], dtype=np.int64)
        result = np.empty((len(rows), target.shape[1], self._vocabulary), dtype=np.float32)
        for t in range(target.shape[1]):
            feeds = {"token": np.ascontiguousarray(target[:, t]), "source_lengths": lengths}
            output = self._step.run({**feeds, **states, **memory, "k": k})
            states = {name: output[f"next_{name}"] for name in self._states}
            order = output["next_tokens"].astype(np.int64)
            np.put_along_axis(result[:, t], order, output["log_probs"], axis=1)
        return result


def require_close(what: str, one: np.ndarray, other: np.ndarray, limit: float) -> float:
    """The largest difference of two arrays. Raises ExportError for one above the limit."""
    worst = float(np.abs(one - other).max(initial=0.0))
    if not worst <= limit:
        raise ExportError(
            f"{what} differ by {worst:.2g}, more than {limit:g}: nothing was written. "
            "Train with other settings or report this with the recipe"
        )
    return worst
