"""One door to the datasets of tagged tokens: parts of speech, and entities.

The official parts come whole. UD-EWT (Silveira et al. 2014) has universal parts of speech on the
words of the treebank; WNUT17 (Derczynski et al. 2017) entities of six kinds as BIO tags.
"""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from training.data.conll import read_columns, read_conllu
from training.data.errors import DataError
from training.data.examples import LoadReport, TaggedSentence

_log = logging.getLogger(__name__)

Splits = dict[str, tuple[list[TaggedSentence], LoadReport]]

_UD_EWT = {
    "train": "en_ewt-ud-train.conllu.gz",
    "validation": "en_ewt-ud-dev.conllu.gz",
    "test": "en_ewt-ud-test.conllu.gz",
}
_WNUT17 = {
    "train": "wnut17train.conll",
    "validation": "emerging.dev.conll",
    "test": "emerging.test.annotated",
}


def _loader(
    source: str, read: Callable[[Path], list[TaggedSentence]], files: Mapping[str, str]
) -> Callable[[Path], Splits]:
    def load(root: Path) -> Splits:
        splits = {}
        for split, name in files.items():
            sentences = read(root / source / name)
            splits[split] = (sentences, LoadReport(source, split, len(sentences), {}))
        return splits

    return load


SOURCES: Mapping[str, Callable[[Path], Splits]] = {
    "ud_ewt": _loader("ud_ewt", read_conllu, _UD_EWT),
    "wnut17": _loader("wnut17", read_columns, _WNUT17),
}


def load_tagged_splits(root: Path, source: str) -> Splits:
    """Every split of `source`: "train", "validation" and "test".

    Raises DataError for an unknown source and for files that are missing or damaged.
    """
    if source not in SOURCES:
        raise DataError(f'no tagged dataset is called "{source}"; there are {", ".join(SOURCES)}')
    splits = SOURCES[source](root)
    for _, report in splits.values():
        _log.info("%s", report)
    return splits
