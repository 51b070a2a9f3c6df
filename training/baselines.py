"""The line that a classifier must beat: TF-IDF and logistic regression, by scikit-learn.

Knows nothing about recurrent networks; it reads the same examples as they do.
"""

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.pipeline import make_pipeline

from training.corpora import Corpora
from training.data.examples import LabelledText
from training.evaluation import Measured


def score_tfidf(corpora: Corpora[LabelledText]) -> list[Measured]:
    """Accuracy in percent on every test set, after training on all training sources whole.

    Words and pairs of words that occur twice or more, sublinear term frequencies; C = 10.
    """
    examples = [example for part in corpora.train for example in part]
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
        LogisticRegression(C=10, solver="liblinear"),
    )
    model.fit([example.text for example in examples], [example.label for example in examples])
    measured = []
    for name, part in corpora.test.items():
        chosen = model.predict([example.text for example in part])
        accuracy = float(accuracy_score([example.label for example in part], chosen))
        measured.append(Measured(name, "accuracy", round(100 * accuracy, 2), len(part)))
    return measured
