"""Rows of tokens of different lengths as one tensor. Knows nothing about tasks."""

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor

from service.artifact import PAD_ID


def pad(rows: Sequence[np.ndarray], device: torch.device) -> tuple[Tensor, Tensor]:
    """Tokens (rows x longest, int64, PAD behind each row's end) and lengths (rows, int64)."""
    lengths = np.fromiter((len(row) for row in rows), dtype=np.int64, count=len(rows))
    tokens = np.full((len(rows), int(lengths.max())), PAD_ID, dtype=np.int64)
    for i, row in enumerate(rows):
        tokens[i, : len(row)] = row
    return torch.from_numpy(tokens).to(device), torch.from_numpy(lengths).to(device)


def shortened(row: np.ndarray, limit: int) -> np.ndarray:
    """A row of at most ``limit`` tokens: its beginning and its end, where opinions stand."""
    if len(row) <= limit:
        return row
    head = limit // 2
    return np.concatenate([row[:head], row[len(row) - (limit - head) :]])


def fingerprint(rows: Iterable[np.ndarray]) -> str:
    """A digest of arrays and their order."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(len(row).to_bytes(8, "little"))
        digest.update(np.ascontiguousarray(row).tobytes())
    return digest.hexdigest()
