"""Fits a table of n-grams to labelled texts, and weights it beside a network's answers.

Knows nothing about runs. The classifiers are those of NB-SVM (Wang and Manning 2012, see
`training.baselines.nbsvm`) over the sums of `training.networks.ngram_table`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_array
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from training.baselines.nbsvm import log_ratio
from training.networks.ngram_table import pair_buckets

C = 10.0  # inverse strength of the regularisation


@dataclass(frozen=True)
class FittedTable:
    """tokens: vocabulary x classes - 1; pairs: buckets x classes - 1. float32, beside the first
    class. It has no bias: how frequent the classes are the network knows."""

    tokens: np.ndarray
    pairs: np.ndarray


def fitted_table(
    rows: Sequence[np.ndarray], right: np.ndarray, classes: int, vocabulary: int, buckets: int
) -> FittedTable:
    """rows: token ids of each text; right: its class."""
    sums = _sums(rows, vocabulary, buckets)  # texts x (vocabulary + buckets)
    columns = []
    # One against the rest; two classes need one classifier alone.
    for one in range(classes) if classes > 2 else (1,):
        ratio = log_ratio(sums > 0, right == one)
        model = LogisticRegression(
            C=C, solver="liblinear", dual=True, random_state=1, max_iter=1000, fit_intercept=False
        )
        model.fit(sums.multiply(ratio[None, :]).tocsr(), right == one)
        columns.append(ratio * model.coef_[0])
    weights = np.stack(columns, axis=1).astype(np.float32)
    if classes > 2:
        weights = weights[:, 1:] - weights[:, :1]
    return FittedTable(weights[:vocabulary], weights[vocabulary:])


def _sums(rows: Sequence[np.ndarray], vocabulary: int, buckets: int) -> Any:
    """How often each text has each token and each bucket, over the root of its length; sparse."""
    indices, values, ends = [], [], [0]
    for row in rows:
        pairs = pair_buckets(torch.from_numpy(row)[None], buckets)[0].numpy()
        found, counts = np.unique(
            np.concatenate([row.astype(np.int64), vocabulary + pairs]), return_counts=True
        )
        indices.append(found)
        values.append((counts / len(row) ** 0.5).astype(np.float32))
        ends.append(ends[-1] + len(found))
    return csr_array(  # scikit-learn wants 32 bits
        (
            np.concatenate(values),
            np.concatenate(indices).astype(np.int32),
            np.array(ends, dtype=np.int32),
        ),
        shape=(len(rows), vocabulary + buckets),
    )


def fitted_share(
    network: Sequence[Tensor], table: Sequence[Tensor], classes: Sequence[Tensor]
) -> float:
    """What the table's logits count beside the network's: the share of the highest likelihood.

    Of logits of each held-out set (rows x classes) and its right classes (rows). Found together
    with a temperature, which the export fits again; every set has the same weight, as there. 0
    where the table adds nothing, infinity where the network adds nothing to it.
    """
    factors = torch.tensor([1.0, 0.0], dtype=torch.float64, requires_grad=True)
    pairs = [(own.double(), beside.double()) for own, beside in zip(network, table, strict=True)]
    search = torch.optim.LBFGS([factors], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        search.zero_grad()
        total = torch.zeros((), dtype=torch.float64)
        for (own, beside), right in zip(pairs, classes, strict=True):
            logits = factors[0] * own + factors[1] * beside
            total = total + torch.nn.functional.cross_entropy(logits, right)
        total.backward()  # type: ignore[no-untyped-call]
        return total

    search.step(loss)  # type: ignore[no-untyped-call]
    own, beside = factors.tolist()
    if beside <= 0:
        return 0.0
    return beside / own if own > 0 else math.inf


def with_table(
    weights: Mapping[str, Tensor], table: FittedTable, share: float, states: int
) -> dict[str, Tensor]:
    """The weights of a classifier, with the table beside the states that its head reads.

    states: of the recurrent layers. Where maxima are pooled too, those of the table count nothing.
    """
    head = weights["head.weight"]  # classes x pooled
    values = table.tokens.shape[1]
    mean = torch.cat([torch.zeros(1, values), share * torch.eye(values)])
    parts = torch.split(head, states, dim=1)
    beside = [*(torch.zeros_like(mean) for _ in parts[1:]), mean]  # maxima come before means
    joined = [torch.cat(both, dim=1) for both in zip(parts, beside, strict=True)]
    return {
        **weights,
        "ngrams.tokens": torch.from_numpy(table.tokens),
        "ngrams.pairs": torch.from_numpy(table.pairs),
        "head.weight": torch.cat(joined, dim=1),
    }
