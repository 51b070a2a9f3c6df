"""What an exported generator must pass before it is written; see `training.export.checks`."""

import numpy as np
import onnx
import torch

from service.pipelines.tensors import pad_rows
from training.export.checks import AGREEMENT, INVARIANCE, Rows, graph_session, require_close
from training.export.generator import IMPOSSIBLE, generator_states
from training.networks.generator import NO_WORDS, Generator


def check_generator_agreement(network: Generator, model: onnx.ModelProto, rows: Rows) -> float:
    """Largest difference of a log-probability of a next token, along rows. Raises ExportError."""
    tokens, lengths = pad_rows(rows)
    with torch.no_grad():
        logits = network(torch.from_numpy(tokens).long(), torch.from_numpy(lengths).long())
        logits[:, :, NO_WORDS] = IMPOSSIBLE
        want = torch.log_softmax(logits, dim=2).numpy()
    got = _forced_steps(network, model, rows)
    real = np.arange(tokens.shape[1])[None, :] < lengths[:, None]  # rows x time
    one, other = got[real], want[real]
    possible = other > IMPOSSIBLE / 10  # tokens that are no words differ in how impossible they are
    return require_close("torch and onnxruntime", one[possible], other[possible], AGREEMENT)


def check_generator_invariance(
    network: Generator, model: onnx.ModelProto, precision: str, rows: Rows
) -> float:
    """Largest difference of a log-probability between a row alone and in a batch that it joins
    while others are under way. Raises ExportError.
    """
    batched = _forced_steps(network, model, rows)
    alone = np.zeros_like(batched)
    for i, row in enumerate(rows):
        alone[i, : len(row)] = _forced_steps(network, model, [row])[0]
        batched[i, len(row) :] = 0.0
    return require_close("a text alone and in a batch", batched, alone, INVARIANCE[precision])


def _forced_steps(network: Generator, model: onnx.ModelProto, rows: Rows) -> np.ndarray:
    """Log-probabilities (rows x time x vocabulary) of the token after each of given rows.

    The states begin as noise, which a text that begins must not read.
    """
    session = graph_session(model)
    vocabulary = network.embedding.num_embeddings
    tokens, _ = pad_rows(rows)
    noise = np.random.default_rng(1)
    states = {
        name: noise.uniform(-9, 9, (len(rows), units)).astype(np.float32)
        for name, units in generator_states(model).items()
    }
    k = np.array([vocabulary], dtype=np.int64)
    result = np.empty((*tokens.shape, vocabulary), dtype=np.float32)
    for t in range(tokens.shape[1]):
        output = session.run({"token": np.ascontiguousarray(tokens[:, t]), "k": k, **states})
        states = {name: output[f"next_{name}"] for name in states}
        order = output["next_tokens"].astype(np.int64)
        np.put_along_axis(result[:, t], order, output["log_probs"], axis=1)
    return result
