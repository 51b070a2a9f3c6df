"""What a translator learns from beside pairs: texts that a teacher has translated.

Finds the texts for a teacher, and puts its translations beside the pairs of a recipe. Knows nothing
about networks.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from service.pipelines.sentences import split_sentences
from training.corpora import (
    Corpora,
    describe_text_source,
    merged_sources,
    parallel_loader,
    source_to_learn_from,
    text_loader,
)
from training.data.errors import DataError
from training.data.examples import SentencePair
from training.data.parallel import SOURCES as PARALLEL
from training.data.taught_pairs import read_taught_pairs
from training.recipe import Languages, Source, TranslationData

_LANGUAGE_OF_TEXTS = "en"  # of every source that is no pairs


def texts_to_translate(
    root: Path, names: Sequence[str], languages: Languages
) -> dict[str, dict[str, list[str]]]:
    """The texts of sources that are written NAME or NAME:SPLIT, with their right translations.

    By the name of the source and by the text. Pairs have right translations; other texts are cut
    into sentences and have none. Raises DataError.
    """
    pairs, plain = parallel_loader(root, languages), text_loader(root)
    found: dict[str, dict[str, list[str]]] = {}
    for name in names:
        source = source_to_learn_from(name)
        texts: dict[str, list[str]] = {}
        if source.source in (*PARALLEL, "reverse"):
            for pair in pairs(source):
                texts.setdefault(pair.source, []).append(pair.target)
        elif languages.source != _LANGUAGE_OF_TEXTS:
            raise DataError(f'"{name}" is English; the teacher reads {languages.source}')
        else:
            for text in plain(source):
                texts.update((one, []) for one in split_sentences(text, "en").sentences)
        found[name] = texts
    return found


def with_taught_pairs(
    corpora: Corpora[SentencePair], data: TranslationData, languages: Languages
) -> Corpora[SentencePair]:
    """The corpora, and a part for each file that ``data.taught`` names. Raises DataError."""
    if not data.taught:
        return corpora
    held_out = {_name(source) for source in (*data.validation, *data.test)}
    parts, rows = [], Counter[str]()
    for taught in data.taught:
        path = Path(taught.file)
        read = read_taught_pairs(path, (languages.source, languages.target))
        # A teacher that found no words for a text has nothing to teach of it.
        told = [row for row in read if row.translation]
        for row in told:
            if row.source in held_out:
                raise DataError(
                    f"{path} holds texts of {row.source}, which the recipe holds out; write it "
                    "anew without them, or hold out others"
                )
        rows.update(row.source for row in told)
        parts.append([SentencePair(row.text, row.translation) for row in told])
    described = [describe_text_source(name, count) for name, count in rows.items()]
    return replace(
        corpora,
        train=[*corpora.train, *parts],
        takes=[*corpora.takes, *(taught.take for taught in data.taught)],
        sources=merged_sources(corpora.sources, described),
    )


def _name(source: Source) -> str:
    """As `teach` is told it."""
    return source.source if source.split == "train" else f"{source.source}:{source.split}"
