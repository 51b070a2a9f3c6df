"""Vectors of words from texts without tags: positive pointwise mutual information, factorised.

Levy and Goldberg 2014, "Neural Word Embedding as Implicit Matrix Factorization" (section 3.3 and
equation 11), with the smoothed contexts and the symmetric square root of the singular values of
Levy et al. 2015 (sections 3.1 and 3.3): what word2vec learns by gradient steps, in closed form.
Knows nothing about taggers.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix
from sklearn.utils.extmath import randomized_svd

WINDOW = 3  # words to either side that are a word's context
_SMOOTHING = 0.75  # of the contexts' frequencies
_CONTEXTS = 8000  # the most frequent words; each side is a context of its own
_CHUNK = 1 << 21  # pairs that are counted at a time


def frequent_words(texts: Iterable[Sequence[str]], largest: int, minimum: int) -> list[str]:
    """The words that occur most often, at least ``minimum`` times, most frequent first."""
    counts = Counter(word for words in texts for word in words)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [word for word, count in ranked[:largest] if count >= minimum]


def word_vectors(
    texts: Iterable[Sequence[str]], words: Sequence[str], size: int, seed: int = 0
) -> np.ndarray:
    """A vector for each word (words x size, float32); zero where nothing is known.

    All others have one length, at which a number of theirs is 0.5 on the average (root mean
    square), so that they stand beside learnt features as equals.
    """
    index = {word: i for i, word in enumerate(words)}
    counts = _cooccurrences(texts, index)
    information = _positive_information(counts)
    rank = min(size, min(information.shape) - 1)
    left, scales, _ = randomized_svd(information, rank, n_iter=3, random_state=seed)
    vectors = np.zeros((len(words), size), dtype=np.float32)
    vectors[:, :rank] = left * np.sqrt(scales)
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: np.ndarray = vectors / np.maximum(norms, 1e-6) * (0.5 * np.sqrt(size))
    return scaled.astype(np.float32)


def _cooccurrences(texts: Iterable[Sequence[str]], index: dict[str, int]) -> csr_matrix:
    """How often each context stands by each word: words x 2 contexts (before it, behind it)."""
    contexts = min(_CONTEXTS, len(index))
    shape = (len(index), 2 * contexts)
    total = csr_matrix(shape, dtype=np.float32)
    ids: list[int] = []
    for words in texts:
        ids += [index.get(word, -1) for word in words]
        ids += [-1] * WINDOW  # no context reaches into another text
        if len(ids) > _CHUNK:
            total = total + _counted(np.array(ids), contexts, shape)
            ids = []
    return total + _counted(np.array([*ids, -1]), contexts, shape)


def _counted(ids: np.ndarray, contexts: int, shape: tuple[int, int]) -> csr_matrix:
    rows, columns, weights = [], [], []
    for distance in range(1, WINDOW + 1):
        first, second = ids[:-distance], ids[distance:]
        for word, context, side in ((second, first, 0), (first, second, contexts)):
            counted = (word >= 0) & (context >= 0) & (context < contexts)
            rows.append(word[counted])
            columns.append(context[counted] + side)
            weights.append(np.full(int(counted.sum()), 1.0 / distance, dtype=np.float32))
    places = (np.concatenate(rows), np.concatenate(columns))
    return coo_matrix((np.concatenate(weights), places), shape).tocsr()


def _positive_information(counts: csr_matrix) -> csr_matrix:
    """max(0, log(p(w, c) / (p(w) p(c)^α))) of every pair that occurs."""
    pairs = counts.tocoo()
    of_words = np.asarray(counts.sum(axis=1)).ravel()
    of_contexts = np.asarray(counts.sum(axis=0)).ravel() ** _SMOOTHING
    share = pairs.data / (of_words[pairs.row] * of_contexts[pairs.col] / of_contexts.sum())
    values = np.maximum(np.log(share), 0.0).astype(np.float32)
    information = coo_matrix((values, (pairs.row, pairs.col)), counts.shape).tocsr()
    information.eliminate_zeros()
    return information
