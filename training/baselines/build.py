"""The baselines by name."""

from collections.abc import Callable, Mapping

from training.baselines.baseline import Baseline
from training.baselines.fasttext import FastText
from training.baselines.nbsvm import NaiveBayesSvm
from training.baselines.tfidf import Tfidf

BASELINES: Mapping[str, Callable[[], Baseline]] = {
    "tfidf": Tfidf,
    "nbsvm": NaiveBayesSvm,
    "fasttext": FastText,
}
