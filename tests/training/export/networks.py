"""Small networks with weights as large as training makes them, and their graphs in a session."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

import numpy as np
import torch
from torch import nn

from service.pipelines.tensors import Session, pad_rows
from training.export.checks import graph_session
from training.export.classifier import classifier_graph
from training.export.layers import Precision
from training.export.translator import MEMORY, TranslatorGraphs, translator_graphs
from training.networks.attention import AttentionKind
from training.networks.cells.names import CellName
from training.networks.classifier import Pooling, TextClassifier
from training.networks.translator import Translator

VOCABULARY = 60
Rows = Sequence[Sequence[int]]


def enlarged(network: nn.Module, factor: float) -> None:
    """Weights of a normal distribution: saturated gates and sharp attention, not the first ones."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_(std=factor * parameter.shape[-1] ** -0.5)


@cache
def classifier(
    layers: int = 1, bidirectional: bool = True, pooling: Pooling = "max", factor: float = 2.0
) -> TextClassifier:
    torch.manual_seed(layers)
    network = TextClassifier(VOCABULARY, 3, 10, 7, layers, bidirectional, pooling)
    enlarged(network, factor)
    return network.eval()


@cache
def classifier_with_ngrams(pooling: Pooling = "max+mean", classes: int = 3) -> TextClassifier:
    torch.manual_seed(classes)
    network = TextClassifier(
        VOCABULARY, classes, 10, 7, bidirectional=True, pooling=pooling, ngram_buckets=17
    )
    enlarged(network, 1.0)
    return network.eval()


@cache
def translator(
    encoder_layers: int = 2,
    factor: float = 2.0,
    vocabulary: int = 60,
    attention: AttentionKind = "additive",
    cell: CellName = "lstm",
) -> Translator:
    torch.manual_seed(encoder_layers)
    network = Translator(vocabulary, 10, 6, encoder_layers, 8, 7, attention=attention, cell=cell)
    enlarged(network, factor)
    return network.eval()


@cache
def classifier_session(
    precision: Precision, layers: int, bidirectional: bool, pooling: Pooling, factor: float
) -> Session:
    network = classifier(layers, bidirectional, pooling, factor)
    return graph_session(classifier_graph(network, precision).model)


def classify(session: Session, rows: Rows) -> np.ndarray:
    """Logits: rows x classes."""
    tokens, lengths = pad_rows(rows)
    return session.run({"tokens": tokens, "lengths": lengths})["logits"]


class Decoding:
    """The two graphs of a translator, run one step at a time."""

    def __init__(self, graphs: TranslatorGraphs) -> None:
        self.encoder = graph_session(graphs.encoder)
        self.decoder = graph_session(graphs.decoder)
        self.vocabulary = graphs.vocabulary
        self.states = graphs.states

    def encode(self, rows: Rows) -> dict[str, np.ndarray]:
        """The first states and the memory, with the lengths of the sources."""
        tokens, lengths = pad_rows(rows)
        encoded = self.encoder.run({"tokens": tokens, "lengths": lengths})
        return {**encoded, "source_lengths": lengths}

    def step(
        self, held: Mapping[str, np.ndarray], words: Iterable[int]
    ) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
        """What is held after a step, log-probabilities by token (rows x vocabulary), attention.

        Attention of no columns where there is none.
        """
        feeds = {"token": np.array(list(words), np.int32), "k": np.array([self.vocabulary])}
        output = self.decoder.run({**held, **feeds})
        scores = np.empty_like(output["log_probs"])
        order = output["next_tokens"].astype(np.int64)
        np.put_along_axis(scores, order, output["log_probs"], axis=1)
        states = {name: output[f"next_{name}"] for name in self.states}
        nothing = np.zeros((len(scores), 0), np.float32)
        return {**held, **states}, scores, output.get("attention", nothing)

    def forced(self, rows: Rows, targets: np.ndarray) -> np.ndarray:
        """Log-probabilities along targets (rows x steps): rows x steps x vocabulary."""
        held, results = self.encode(rows), []
        for step in range(targets.shape[1]):
            held, scores, _ = self.step(held, targets[:, step])
            results.append(scores)
        return np.stack(results, axis=1)


@cache
def decoding(
    precision: Precision,
    encoder_layers: int = 2,
    factor: float = 2.0,
    attention: AttentionKind = "additive",
) -> Decoding:
    network = translator(encoder_layers, factor, attention=attention)
    return Decoding(translator_graphs(network, precision))


def chosen(held: Mapping[str, np.ndarray], rows: Sequence[int]) -> dict[str, np.ndarray]:
    return {name: values[list(rows)] for name, values in held.items()}


def stacked(*held: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Rows that stand at different steps as one batch; shorter memories are padded with zeros."""
    longest = max(int(part["source_lengths"].max()) for part in held)

    def widened(name: str, values: np.ndarray) -> np.ndarray:
        if name not in MEMORY:
            return values
        return np.pad(values, ((0, 0), (0, longest - values.shape[1]), (0, 0)))

    return {name: np.concatenate([widened(name, part[name]) for part in held]) for name in held[0]}
