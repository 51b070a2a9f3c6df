"""What an exported generator is worth: its perplexity beside that of counts, and mistakes.

It is measured on the graph that is served, step by step along given texts; knows nothing about
networks or torch.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import onnx

from service.artifact import BOS_ID, EOS_ID, Tokenizer
from service.pipelines.generation import GenerationPipeline, SamplingOptions
from service.pipelines.tensors import open_session, pad_rows
from service.runtime.inner_values import with_outputs
from training.baselines.ngram import NGram
from training.data.book import count_mistakes, words_of
from training.evaluation import Measured

# The counts whose perplexity stands beside a network's, by how many words they know.
COUNTS = {"bigram": 2, "trigram": 3}
COUNTED_WORDS = 10_000
_STORIES, _LONGEST = 800, 400  # stories of 24 words, the mean; tokens of one, at most
_ROWS = 32  # texts scored together


def tokens_of(tokenizer: Tokenizer, texts: Sequence[str]) -> list[list[int]]:
    """Each text's tokens, and its end."""
    return [[*tokenizer.encode(text), EOS_ID] for text in texts]


def nats(pipeline: GenerationPipeline, rows: Sequence[Sequence[int]]) -> float:
    """-log p of rows of tokens, summed over their tokens."""
    artifact = pipeline.artifact
    content = artifact.graph_path("generator").read_bytes()
    (best,) = (node for node in onnx.load_from_string(content).graph.node if node.op_type == "TopK")
    shares = best.input[0]  # log-probabilities of the whole vocabulary
    session = open_session(with_outputs(content, [shares]), pipeline.options.threads)
    wanted = (shares, *(f"next_{name}" for name in pipeline.manifest.states))
    order = sorted(range(len(rows)), key=lambda i: -len(rows[i]))
    total = 0.0
    for start in range(0, len(order), _ROWS):
        tokens, lengths = pad_rows([rows[i] for i in order[start : start + _ROWS]])
        given = np.full(len(tokens), BOS_ID, dtype=np.int32)
        states = {
            name: np.zeros((len(tokens), pipeline.manifest.units(name)), dtype=np.float32)
            for name in pipeline.manifest.states
        }
        for t in range(tokens.shape[1]):
            going = int((lengths > t).sum())  # the longest come first
            k = np.array([1], dtype=np.int64)
            states = {name: state[:going] for name, state in states.items()}
            output = session.run({"token": given[:going], "k": k, **states}, wanted)
            given = np.ascontiguousarray(tokens[:, t])
            total -= float(output[shares][np.arange(going), given[:going]].sum(dtype=np.float64))
            states = {name: output[f"next_{name}"] for name in states}
    return total


def score_generation(
    pipeline: GenerationPipeline, sets: Mapping[str, Sequence[str]], train: Sequence[str] = ()
) -> list[Measured]:
    """Perplexity a token of each set, and that of counts of ``train`` over the same tokens."""
    tokenizer = pipeline.artifact.tokenizer
    counts = {
        name: NGram(tokens_of(tokenizer, train), order, tokenizer.vocabulary_size)
        for name, order in (COUNTS.items() if train else ())
    }
    measured = []
    for name, texts in sets.items():
        rows = tokens_of(tokenizer, texts)
        count = sum(map(len, rows))
        values = {"perplexity": nats(pipeline, rows)}
        values |= {f"{kind} perplexity": model.nats(rows) for kind, model in counts.items()}
        measured += [
            Measured(name, metric, round(math.exp(value / count), 3), len(rows))
            for metric, value in values.items()
        ]
    return measured


def score_book(
    pipeline: GenerationPipeline, name: str, train: Sequence[str], seed: int = 1
) -> list[Measured]:
    """Mistakes in `COUNTED_WORDS` words that the model writes, and that counts of pairs write.

    Both draw with their own probabilities, at temperature 1.
    """
    authors = {
        "the model": count_mistakes(written_words(pipeline, seed)),
        "a bigram": count_mistakes(counted_words(pipeline.artifact.tokenizer, train, seed)),
    }
    return [
        Measured(f"{name}, written by {author}", kind, float(value), found.words)
        for author, found in authors.items()
        for kind, value in (
            ("X saw X", found.himself),
            ("saw twice", found.endless),
            ("no saw", found.unfinished),
            ("other mistakes", found.other),
        )
    ]


def written_words(pipeline: GenerationPipeline, seed: int) -> list[str]:
    """As many words as are counted, of stories that the model begins by itself."""
    options = SamplingOptions(
        max_tokens=_LONGEST, top_k=pipeline.manifest.tokenizer.vocabulary, seed=seed
    )
    words = [
        word for one in pipeline.generate([""] * _STORIES, options) for word in words_of(one.text)
    ]
    return words[:COUNTED_WORDS]


def counted_words(tokenizer: Tokenizer, train: Sequence[str], seed: int) -> list[str]:
    """The same of a model that knows the last word alone: how often a word followed it."""
    model = NGram(tokens_of(tokenizer, train), 2, tokenizer.vocabulary_size, discount=0.0)
    generator = np.random.default_rng(seed)
    words: list[str] = []
    while len(words) < COUNTED_WORDS:
        words += words_of(tokenizer.decode(model.sample(generator, EOS_ID, _LONGEST)))
    return words[:COUNTED_WORDS]
