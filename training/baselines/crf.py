"""The tagger to beat: a linear-chain conditional random field over written features.

Lafferty et al. 2001; trained by L-BFGS in CRFsuite (Okazaki 2007). Its features are those of the
literature on tagging without outside resources (Ratnaparkhi 1996, table 1; Ritter et al. 2011): the
word, its beginnings and ends, its shape, and the words and shapes around it. What the network
reads, it reads too: the whole word, its characters and its casing.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pycrfsuite

from service.pipelines.tag_decoding import is_bio
from training.corpora import Corpora
from training.data.examples import TaggedSentence
from training.evaluation import Measured
from training.tagging_evaluation import score_tags

ITERATIONS = 150
# Of 0.01, 0.05 and 0.2 for L1 with 0.01, 0.01, 0.001 for L2: the best on the validation sets of
# UD-EWT and WNUT17 together.
L1, L2 = 0.01, 0.01
_AFFIXES = (1, 2, 3, 4)
_WINDOW = 2


class CrfTagger:
    """A tagger of whole sentences, trained at one go."""

    def __init__(self, l1: float = L1, l2: float = L2, iterations: int = ITERATIONS) -> None:
        self._settings = {
            "c1": l1,
            "c2": l2,
            "max_iterations": iterations,
            "feature.possible_transitions": True,
        }
        self._tagger = pycrfsuite.Tagger()
        self._model = b""  # CRFsuite reads it where it lies, and does not keep it alive

    def fit(self, sentences: Sequence[TaggedSentence]) -> None:
        trainer = pycrfsuite.Trainer(algorithm="lbfgs", params=self._settings, verbose=False)
        for sentence in sentences:
            trainer.append(features(sentence.tokens), sentence.tags)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.crfsuite"
            trainer.train(str(path))
            self._model = path.read_bytes()
        self._tagger.open_inmemory(self._model)

    def tags(self, sentences: Sequence[Sequence[str]]) -> list[list[str]]:
        """The tags of each token of each sentence: the most likely sequence (Viterbi)."""
        return [list(self._tagger.tag(features(tokens))) for tokens in sentences]


def score_crf(corpora: Corpora[TaggedSentence]) -> list[Measured]:
    """Scores of a field that was trained on all training sources whole, on every test set."""
    sentences = [sentence for part in corpora.train for sentence in part]
    tagger = CrfTagger()
    tagger.fit(sentences)
    bio = is_bio(sorted({tag for sentence in sentences for tag in sentence.tags}))
    measured = []
    for name, part in corpora.test.items():
        found = tagger.tags([sentence.tokens for sentence in part])
        measured += score_tags(name, [sentence.tags for sentence in part], found, bio)
    return measured


def features(tokens: Sequence[str]) -> list[list[str]]:
    """The names of the features that each token has."""
    shapes = [_shape(token) for token in tokens]
    words = [token.lower() for token in tokens]
    return [_of_token(tokens, words, shapes, i) for i in range(len(tokens))]


def _of_token(
    tokens: Sequence[str], words: Sequence[str], shapes: Sequence[str], i: int
) -> list[str]:
    token, word = tokens[i], words[i]
    found = ["bias", f"w={word}", f"W={token}", f"shape={shapes[i]}"]
    found += [f"prefix={word[:n]}" for n in _AFFIXES if len(word) > n]
    found += [f"suffix={word[-n:]}" for n in _AFFIXES if len(word) > n]
    found += [
        name
        for name, holds in (
            ("capitalised", token[0].isupper()),
            ("upper", token.isupper()),
            ("digit", any(map(str.isdigit, token))),
            ("hyphen", "-" in token),
            ("no letter or digit", not any(map(str.isalnum, token))),
            ("mention", token[0] == "@" and len(token) > 1),
            ("hashtag", token[0] == "#" and len(token) > 1),
            ("link", word.startswith(("http", "www."))),
        )
        if holds
    ]
    for step in range(-_WINDOW, _WINDOW + 1):
        if not step:
            continue
        there = 0 <= i + step < len(tokens)
        found.append(f"{step}:w={words[i + step] if there else '<edge>'}")
        found.append(f"{step}:shape={shapes[i + step] if there else '<edge>'}")
    if i:
        found.append(f"-1,0:w={words[i - 1]} {word}")
        found.append(f"-1:suffix={words[i - 1][-3:]}")
    if i + 1 < len(tokens):
        found.append(f"0,1:w={word} {words[i + 1]}")
        found.append(f"1:suffix={words[i + 1][-3:]}")
    return found


def _shape(token: str) -> str:
    """Letters as X, x and digits as 9, each run of one kind written once or twice."""
    kinds = [
        "X" if c.isupper() else "x" if c.isalpha() else "9" if c.isdigit() else c for c in token
    ]
    return "".join(
        kind for i, kind in enumerate(kinds) if i < 2 or not kind == kinds[i - 1] == kinds[i - 2]
    )[:12]
