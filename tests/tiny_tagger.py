"""A small honest tagger for tests: a real ONNX graph whose tags were written by hand.

A word's own evidence is what its forward state holds, and what the word behind it says about it is
its backward state: "Teddy" is a person where "Roosevelt" follows, and none where "bears" do.
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import helper

from service.artifact import (
    Graph,
    Recipe,
    Score,
    TaggingDraft,
    TaggingExample,
    TagInspection,
    Tensor,
    VocabularyFacts,
    write_artifact,
)
from service.artifact.vocabulary import ROW, SPECIAL, WORD, Vocabulary
from tests.tiny_models import CREATED, OPSET, _onnx

TAGS = ("O", "B-person", "I-person", "B-place", "I-place")
PARTS = ("NOUN", "PROPN", "VERB")
WORDS = ("teddy", "roosevelt", "bears", "london", "was", "in", ".")
VOCABULARY = Vocabulary(WORDS, "abcdefghijklmnopqrstuvwxyzT.")
EXAMPLE = "Teddy Roosevelt was in London."
_OWN = {  # the evidence of a word for its own tag
    "teddy": {"O": 1.0},
    "roosevelt": {"I-person": 4.0, "B-person": 3.0},
    "london": {"B-place": 5.0},
}
_OF_THE_NEXT = {"roosevelt": {"B-person": 4.0}, "bears": {"O": 2.0}}  # of a word for the one before
_BIAS = 0.5  # of the first tag


def evidence(table: dict[str, dict[str, float]], tags: tuple[str, ...]) -> npt.NDArray[np.float32]:
    """words x tags; tags that are not there are left out."""
    values = np.zeros((VOCABULARY.word_count, len(tags)), np.float32)
    for word, scores in table.items():
        for tag, score in scores.items():
            if tag in tags:
                values[WORDS.index(word) + SPECIAL, tags.index(tag)] = score
    return values


def expected_logits(words: list[str], tags: tuple[str, ...] = TAGS) -> npt.NDArray[np.float64]:
    """What the graph gives: words x tags."""
    ids = [VOCABULARY.encode([word])[0, WORD] for word in words]
    own, of_next = evidence(_OWN, tags), evidence(_OF_THE_NEXT, tags)
    logits = own[ids].astype(np.float64) + of_next[[*ids[1:], 0]]
    logits[:, 0] += _BIAS
    return logits


def tagger_draft(
    name: str = "entities",
    tags: tuple[str, ...] = TAGS,
    examples: tuple[TaggingExample, ...] | None = None,
    language: str | None = None,
) -> TaggingDraft:
    """The facts about the tiny tagger; of other tags than TAGS all words get the first."""
    bio = tags == TAGS
    if examples is None:
        examples = (_example(),) if bio else ()
    return TaggingDraft(
        name=name,
        created=CREATED,
        precision="fp32",
        opset=OPSET,
        graphs={
            "tagger": Graph(
                file="tagger.onnx",
                inputs=(
                    Tensor(name="tokens", dtype="int32", shape=("batch", "time", ROW)),
                    Tensor(name="lengths", dtype="int32", shape=("batch",)),
                ),
                outputs=(
                    Tensor(name="logits", dtype="float32", shape=("batch", "time", len(tags))),
                ),
            )
        },
        tags=tags,
        scheme="BIO" if bio else None,
        vocabulary=VocabularyFacts(
            words=VOCABULARY.word_count, characters=VOCABULARY.character_count
        ),
        language=language,
        inspection=TagInspection(
            states="states", head_weight="head_weight", head_bias="head_bias", directions=2
        ),
        examples=examples,
        scores=(Score(dataset="toy", split="test", metric="span F1", value=100.0, rows=2),),
        recipe=Recipe(name="tiny", settings={}),
        license="CC0-1.0",
        license_note="Made by hand; use it for anything.",
    )


def _example() -> TaggingExample:
    tags = ("B-person", "I-person", "O", "O", "B-place", "O")
    logits = expected_logits(["Teddy", "Roosevelt", "was", "in", "London", "."])
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    scores = tuple(float(row[TAGS.index(tag)]) for row, tag in zip(shares, tags, strict=True))
    return TaggingExample(text=EXAMPLE, tags=tags, scores=scores)


def tagger_files(draft: TaggingDraft) -> dict[str, bytes | Path]:
    """The files of the tiny tagger."""
    node = helper.make_node
    tags = draft.tags
    nodes = [
        node("Gather", ["tokens", "word"], ["column"], axis=2),  # [batch, time, 1]
        node("Squeeze", ["column", "axis2"], ["words"]),  # [batch, time]
        node("Pad", ["words", "one_behind", "padding"], ["longer"]),
        node("Slice", ["longer", "one", "end", "axis1"], ["next"]),  # [batch, time]
        node("Gather", ["own", "words"], ["forward"]),  # [batch, time, tags]
        node("Gather", ["of_the_next", "next"], ["backward"]),
        node("Concat", ["forward", "backward"], ["both"], axis=2),
        node("Transpose", ["both"], ["states"], perm=[1, 0, 2]),  # [time, batch, 2 tags]
        node("MatMul", ["states", "head_weight"], ["product"]),
        node("Add", ["product", "head_bias"], ["by_time"]),
        node("Transpose", ["by_time"], ["logits"], perm=[1, 0, 2]),
    ]
    bias = np.zeros(len(tags), np.float32)
    bias[0] = _BIAS
    eye = np.eye(len(tags), dtype=np.float32)
    constants: dict[str, npt.NDArray[Any]] = {
        "word": np.array([WORD], np.int64),
        "axis1": np.array([1], np.int64),
        "axis2": np.array([2], np.int64),
        "one": np.array([1], np.int64),
        "end": np.array([np.iinfo(np.int64).max], np.int64),
        "one_behind": np.array([0, 0, 0, 1], np.int64),
        "padding": np.array(0, np.int32),
        "own": evidence(_OWN, tags),
        "of_the_next": evidence(_OF_THE_NEXT, tags),
        "head_weight": np.concatenate([eye, eye]),
        "head_bias": bias,
    }
    return {
        "tagger.onnx": _onnx(draft.graphs["tagger"], nodes, constants),
        "vocabulary.json": VOCABULARY.to_bytes(),
    }


def publish_tagger(repository: Path, **facts: Any) -> Path:
    """Writes the tiny tagger into a repository."""
    draft = tagger_draft(**facts)
    return write_artifact(repository, draft, tagger_files(draft))
