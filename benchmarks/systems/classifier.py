"""The sentiment model as any server would call it: tokenise, pad, run, softmax.

All peers share it, so that they differ in serving alone. Needs numpy, onnxruntime and
sentencepiece; imports nothing of the service, as it runs in the peers' own environments.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import numpy as np
import onnxruntime
from sentencepiece import SentencePieceProcessor

MODEL_VARIABLE = "BENCHMARK_MODEL"  # the folder of the artifact


class Classifier:
    """Texts to labels with scores. One thread a call: the server brings the parallelism."""

    def __init__(self, folder: Path) -> None:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        self.labels: list[str] = manifest["labels"]
        self.tokenizer = SentencePieceProcessor(
            model_proto=(folder / manifest["tokenizer"]["file"]).read_bytes()
        )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.session = onnxruntime.InferenceSession(
            str(folder / manifest["graphs"]["classifier"]["file"]),
            options,
            providers=["CPUExecutionProvider"],
        )

    @classmethod
    def from_environment(cls) -> "Classifier":
        """The model in the folder that the environment names."""
        return cls(Path(os.environ[MODEL_VARIABLE]))

    def classify(self, texts: Sequence[str]) -> list[list[dict[str, Any]]]:
        """Every label with its score, best first, for each text; one run for all of them."""
        rows = self.tokenizer.encode(list(texts))
        lengths = np.array([len(row) for row in rows], dtype=np.int32)
        tokens = np.zeros((len(rows), int(lengths.max())), dtype=np.int32)  # texts x time
        for i, row in enumerate(rows):
            tokens[i, : len(row)] = row
        (logits,) = self.session.run(["logits"], {"tokens": tokens, "lengths": lengths})
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        scores = powers / powers.sum(axis=1, keepdims=True)  # texts x classes
        return [
            [{"label": self.labels[c], "score": float(line[c])} for c in np.argsort(-line)]
            for line in scores
        ]
