"""TF-IDF of words and pairs of words, and logistic regression on it, by scikit-learn."""

from collections.abc import Sequence

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline


class Tfidf:
    """Words and pairs of words that occur twice or more, sublinear term frequencies; C = 10."""

    def __init__(self) -> None:
        regression = LogisticRegression(C=10, solver="liblinear")
        self._model = make_pipeline(
            TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
            OneVsRestClassifier(regression),
        )

    def fit(self, texts: Sequence[str], classes: np.ndarray) -> None:
        self._model.fit(texts, classes)

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        shares: np.ndarray = self._model.predict_proba(texts)  # texts x classes
        return shares
