"""What a translator learns from beside pairs: texts that a teacher has translated.

Finds the texts for a teacher, and puts its translations beside the pairs of a recipe. Knows nothing
about networks.
"""

import logging
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
from training.data.languages import SOURCES as LANGUAGES
from training.data.parallel import SOURCES as PARALLEL
from training.data.taught_pairs import read_taught_pairs
from training.recipe import Languages, TranslationData

_LANGUAGE_OF_TEXTS = "en"  # of every source that is neither pairs nor made to tell languages apart
_LONGEST = 400  # characters of a text that a teacher is asked: longer ones are hardly sentences

_log = logging.getLogger(__name__)


def texts_to_translate(
    root: Path, names: Sequence[str], languages: Languages
) -> dict[str, dict[str, list[str]]]:
    """The texts of sources that are written NAME or NAME:SPLIT, with their right translations.

    By the name of the source and by the text. Pairs have right translations; other texts are cut
    into sentences and have none. What is too long is left out. Raises DataError.
    """
    pairs, plain = parallel_loader(root, languages), text_loader(root)
    found: dict[str, dict[str, list[str]]] = {}
    for name in names:
        source = source_to_learn_from(name)
        if source.source in LANGUAGES:
            raise DataError(
                f'"{name}" holds several languages, and texts that other sources hold out; name '
                "the source that it is made of"
            )
        texts: dict[str, list[str]] = {}
        if source.source in (*PARALLEL, "reverse"):
            for pair in pairs(source):
                texts.setdefault(pair.source, []).append(pair.target)
        else:
            read = plain(source)
            if languages.source != _LANGUAGE_OF_TEXTS:
                raise DataError(f'"{name}" is English; the teacher reads {languages.source}')
            for text in read:
                texts.update((one, []) for one in split_sentences(text, "en").sentences)
        found[name] = {text: right for text, right in texts.items() if len(text) <= _LONGEST}
        if left_out := len(texts) - len(found[name]):
            _log.info("%s: %s texts of more than %s characters are left out",
                      name, f"{left_out:,}", _LONGEST)  # fmt: skip
    return found


def with_taught_pairs(
    corpora: Corpora[SentencePair], data: TranslationData, languages: Languages
) -> Corpora[SentencePair]:
    """The corpora, and a part for each file that ``data.taught`` names. Raises DataError."""
    if not data.taught:
        return corpora
    parts, rows = [], Counter[str]()
    for taught in data.taught:
        path = Path(taught.file)
        read = read_taught_pairs(path, (languages.source, languages.target))
        # A teacher that found no words for a text has nothing to teach of it.
        told = [row for row in read if row.translation]
        if not told:
            raise DataError(f"{path} holds no translation")
        if len(told) < len(read):
            _log.info("%s: %s texts have no translation and are left out",
                      path, f"{len(read) - len(told):,}")  # fmt: skip
        names = Counter(row.source for row in told)
        if both := sorted(names.keys() & data.held_out_names):
            raise DataError(
                f"{path} holds texts of {', '.join(both)}, which the recipe holds out; write it "
                "anew without them, or hold out others"
            )
        rows.update(names)
        parts.append([SentencePair(row.text, row.translation) for row in told])
    described = [describe_text_source(name, count) for name, count in rows.items()]
    return replace(
        corpora,
        train=[*corpora.train, *parts],
        takes=[*corpora.takes, *(taught.take for taught in data.taught)],
        sources=merged_sources(corpora.sources, described),
    )
