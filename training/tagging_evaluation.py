"""Scores of a published tagger: measured as it is served, through the service's pipeline.

Knows nothing about networks or torch.
"""

from collections.abc import Mapping, Sequence

from service.pipelines.tagging import TaggingPipeline
from training.data.examples import TaggedSentence
from training.evaluation import Measured
from training.tagging_scores import span_scores


def score_tagging(
    pipeline: TaggingPipeline, sets: Mapping[str, Sequence[TaggedSentence]]
) -> list[Measured]:
    """Accuracy of the words' tags of each set, and precision, recall and F1 of entities; percent.

    The words are those of the data. Tags that the model does not know are counted as mistakes.
    """
    measured = []
    for name, sentences in sets.items():
        split = pipeline.given([sentence.tokens for sentence in sentences])
        answers = pipeline.joined(split, pipeline.computed(pipeline.encode(split)))
        found = [[word.tag for word in words] for words in answers]
        gold = [sentence.tags for sentence in sentences]
        measured += score_tags(name, gold, found, pipeline.bio)
    return measured


def score_tags(
    name: str, gold: Sequence[Sequence[str]], found: Sequence[Sequence[str]], bio: bool
) -> list[Measured]:
    """The same of any tagger. gold, found: sentence by sentence; bio: whether of entities."""
    pairs = [
        pair
        for one, other in zip(gold, found, strict=True)
        for pair in zip(one, other, strict=True)
    ]
    values = {"accuracy": 100 * sum(one == other for one, other in pairs) / len(pairs)}
    if bio:
        scores = span_scores(gold, found)
        values |= {
            "span F1": scores.f1,
            "span precision": scores.precision,
            "span recall": scores.recall,
        }
    return [Measured(name, metric, round(value, 2), len(gold)) for metric, value in values.items()]
