"""FastAPI with the translator in PyTorch, float32, one request at a time, greedy."""

import asyncio
import os
from pathlib import Path

import torch
from fastapi import FastAPI
from pydantic import BaseModel

from benchmarks.systems.classifier import MODEL_VARIABLE
from benchmarks.systems.torch_translation.weights import load_network
from service.artifact import BOS_ID, EOS_ID, PAD_ID, TranslationManifest, read_artifact

torch.set_num_threads(1)
# oneDNN packs an LSTM's weights anew at every call. For steps of one row that costs more than the
# step: without it a translation was measured twice as fast.
torch.backends.mkldnn.set_flags(_enabled=False)  # type: ignore[no-untyped-call]

app = FastAPI()
artifact = read_artifact(Path(os.environ[MODEL_VARIABLE]))
network = load_network(artifact.graph_path("encoder"), artifact.graph_path("decoder"))
one_at_a_time = asyncio.Lock()


class Request(BaseModel):
    """A text to translate; the beam must be 1."""

    q: str
    source: str
    target: str
    beam_size: int = 1


@app.post("/translate")
async def translate(request: Request) -> dict[str, str]:
    """The translation of a sentence."""
    async with one_at_a_time:
        text = await asyncio.get_running_loop().run_in_executor(None, decode, request.q)
    return {"translatedText": text}


def decode(sentence: str) -> str:
    """Greedy search, as a user of PyTorch writes it."""
    assert isinstance(artifact.manifest, TranslationManifest)
    facts = artifact.manifest.decoding
    tokens = torch.tensor([artifact.tokenizer.encode(sentence)])  # 1 x source_time
    lengths = torch.tensor([tokens.shape[1]])
    limit = int(facts.max_length_factor * tokens.shape[1]) + facts.max_length_offset
    with torch.inference_mode():
        words, _ = network.greedy(tokens, lengths, limit)
    kept = [word for word in words[0].tolist() if word not in (BOS_ID, EOS_ID, PAD_ID)]
    return artifact.tokenizer.decode(kept)
