"""Loads sentence pairs: Multi30k, Tatoeba, the WMT news tests and BConTrasT's chats.

`load_parallel(root, source, split, languages)` gives pairs in the direction asked for. What is
dropped is counted, logged and reported. This module knows nothing about tokenizers or batches.
"""

import gzip
import json
import logging
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from training.data.errors import DataError
from training.data.examples import LoadReport, SentencePair
from training.data.splits import normalise, three_way

_log = logging.getLogger(__name__)

Languages = tuple[str, str]
Splits = dict[str, tuple[list[SentencePair], LoadReport]]

MULTI30K_FILES = {"train": "train", "validation": "val", "test": "test_2016_flickr"}
TATOEBA_ARCHIVES = {"de": ("deu-eng.zip", "deu.txt"), "fr": ("fra-eng.zip", "fra.txt")}
NEWSTEST_FILES = {
    "2008": "news-test2008",
    "2009": "newstest2009",
    "2009-syscomb": "newssyscomb2009",
    **{str(year): f"newstest{year}" for year in range(2010, 2015)},
}


def _read_lines(path: Path) -> list[str]:
    """The lines of a gzipped text file, white space at their ends removed."""
    if not path.is_file():
        raise DataError(f"{path} is missing; expected one sentence a line, gzipped")
    try:
        text = gzip.decompress(path.read_bytes()).decode("utf-8")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise DataError(f"{path} is damaged ({error}); fetch it again") from error
    # str.splitlines would also split at U+2028 and the like, inside a sentence.
    return [line.strip() for line in text.removesuffix("\n").split("\n")]


def _read_aligned(source: Path, target: Path) -> tuple[list[SentencePair], int]:
    """Pairs of two line-aligned files, and how many had an empty side."""
    source_lines, target_lines = _read_lines(source), _read_lines(target)
    if len(source_lines) != len(target_lines):
        raise DataError(
            f"{source} has {len(source_lines):,} lines and {target} {len(target_lines):,}; "
            f"expected as many in both"
        )
    pairs = list(map(SentencePair, source_lines, target_lines))
    complete = [pair for pair in pairs if pair.source and pair.target]
    return complete, len(pairs) - len(complete)


def _one_of(source: str, languages: Languages, known: set[str]) -> None:
    if not set(languages) <= known or languages[0] == languages[1]:
        raise DataError(
            f'"{source}" has no pairs from "{languages[0]}" to "{languages[1]}"; '
            f"its languages are {', '.join(sorted(known))}"
        )


def _with_english(source: str, languages: Languages, known: set[str]) -> str:
    """The language that is not English."""
    _one_of(source, languages, {"en", *known})
    if "en" not in languages:
        raise DataError(
            f'"{source}" pairs English with {", ".join(sorted(known))}; '
            f'"{languages[0]}" to "{languages[1]}" is neither from nor to English'
        )
    return languages[1] if languages[0] == "en" else languages[0]


def _oriented(english: str, other: str, languages: Languages) -> SentencePair:
    return SentencePair(english, other) if languages[0] == "en" else SentencePair(other, english)


def load_multi30k(root: Path, languages: Languages) -> Splits:
    """Image captions, task 1, as written; test is test_2016_flickr. Languages en, de, fr."""
    _one_of("multi30k", languages, {"en", "de", "fr"})
    result: Splits = {}
    for split, name in MULTI30K_FILES.items():
        source, target = (root / "multi30k" / f"{name}.{language}.gz" for language in languages)
        pairs, empty = _read_aligned(source, target)
        result[split] = pairs, LoadReport("multi30k", split, len(pairs), {"empty": empty})
    return result


def _multi30k_held_out(root: Path, language: str) -> set[str]:
    """Multi30k's validation and test sentences of one language; none where it is not there."""
    if not (root / "multi30k").is_dir():
        return set()
    return {
        normalise(line)
        for split in ("validation", "test")
        for line in _read_lines(root / "multi30k" / f"{MULTI30K_FILES[split]}.{language}.gz")
    }


def load_tatoeba(root: Path, languages: Languages) -> Splits:
    """Everyday sentences: 96, 2 and 2 percent of the English sentences, by their hash.

    All translations of an English sentence are in one split. A pair whose other side also stands
    in a held-out split (one German sentence has several English ones too) is dropped from train,
    or from validation when it stands in test; so are train pairs with a validation or test
    sentence of Multi30k, when that lies under the same root.
    """
    other_language = _with_english("tatoeba", languages, set(TATOEBA_ARCHIVES))
    archive_name, member = TATOEBA_ARCHIVES[other_language]
    archive = root / "tatoeba" / archive_name
    if not archive.is_file():
        raise DataError(f"{archive} is missing; expected a zip file with {member}")
    try:
        with zipfile.ZipFile(archive) as members:
            lines = members.read(member).decode("utf-8").removesuffix("\n").split("\n")
    except (zipfile.BadZipFile, KeyError, zlib.error, UnicodeDecodeError) as error:
        raise DataError(f"{archive} is damaged ({error}); fetch it again") from error

    rows: dict[str, list[tuple[str, str]]] = {"test": [], "validation": [], "train": []}
    dropped: dict[str, Counter[str]] = {split: Counter() for split in rows}
    for number, line in enumerate(lines, start=1):
        # Newer files have a third column that names the authors.
        english, *rest = (field.strip() for field in line.split("\t"))
        if not rest or not english or not rest[0]:
            raise DataError(
                f"{archive}, {member}, line {number}: expected an English sentence, a tab and "
                f"its translation"
            )
        rows[three_way(english, train=0.96, validation=0.02)].append((english, rest[0]))

    english_of_multi30k = _multi30k_held_out(root, "en")
    other_of_multi30k = _multi30k_held_out(root, other_language)
    held_out: set[str] = set()
    result: Splits = {}
    for split in ("test", "validation", "train"):
        pairs: dict[SentencePair, None] = {}
        for english, other in rows[split]:
            pair = _oriented(english, other, languages)
            if normalise(other) in held_out:
                dropped[split]["with a translation that is also held out"] += 1
            elif split == "train" and (
                normalise(english) in english_of_multi30k or normalise(other) in other_of_multi30k
            ):
                dropped[split]["held out by Multi30k"] += 1
            elif pair in pairs:
                dropped[split]["repeated"] += 1
            else:
                pairs[pair] = None
        held_out.update(normalise(other) for _, other in rows[split])
        result[split] = (
            list(pairs),
            LoadReport("tatoeba", split, len(pairs), dict(dropped[split])),
        )
    return result


def load_newstest(root: Path, languages: Languages) -> Splits:
    """News, one split a year: "2008" to "2014", and "2009-syscomb". Languages en and de.

    A year of which neither file is there is left out. Raises DataError when none is there.
    """
    _with_english("newstest", languages, {"de"})
    codes = {"en": "eng", "de": "deu"}
    result: Splits = {}
    for split, name in NEWSTEST_FILES.items():
        source, target = (
            root / "newstest" / f"{name}.deu-eng.{codes[language]}.gz" for language in languages
        )
        if not source.exists() and not target.exists():
            continue
        pairs, empty = _read_aligned(source, target)
        result[split] = pairs, LoadReport("newstest", split, len(pairs), {"empty": empty})
    if not result:
        raise DataError(
            f"{root / 'newstest'} has no news test; expected newstest2014.deu-eng.deu.gz, "
            f"newstest2014.deu-eng.eng.gz and so on"
        )
    return result


def load_bcontrast(root: Path, languages: Languages) -> Splits:
    """Customer-service chats: 90, 5 and 5 percent of the dialogues, by the hash of their names.

    An agent's turns were written in English and translated into German, a customer's the other
    way about; both are turned to the direction asked for. Common turns ("Okay.") stand in many
    dialogues, so single sentences occur in several splits.
    """
    _with_english("bcontrast", languages, {"de"})
    path = root / "bcontrast" / "train.json"
    if not path.is_file():
        raise DataError(f"{path} is missing; expected dialogues as JSON")
    rows: dict[str, list[SentencePair]] = {"train": [], "validation": [], "test": []}
    empty: Counter[str] = Counter()
    try:
        for dialogue, turns in json.loads(path.read_text(encoding="utf-8")).items():
            split = three_way(dialogue, train=0.90, validation=0.05)
            for turn in turns:
                sides = (turn["source"].strip(), turn["target"].strip())
                english, other = sides if turn["speaker"] == "agent" else sides[::-1]
                if english and other:
                    rows[split].append(_oriented(english, other, languages))
                else:
                    empty[split] += 1
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{path} is damaged ({error!r}); expected dialogues with speaker, source and target"
        ) from error
    return {
        split: (pairs, LoadReport("bcontrast", split, len(pairs), {"empty": empty[split]}))
        for split, pairs in rows.items()
    }


SOURCES: Mapping[str, Callable[[Path, Languages], Splits]] = {
    "multi30k": load_multi30k,
    "tatoeba": load_tatoeba,
    "newstest": load_newstest,
    "bcontrast": load_bcontrast,
}


def load_parallel_splits(root: Path, source: str, languages: Languages = ("en", "de")) -> Splits:
    """Every split of `source` with its report, from one reading of the files under `root`.

    Raises DataError for an unknown source or language and for files that are missing or damaged.
    """
    if source not in SOURCES:
        raise DataError(f'no parallel dataset is called "{source}"; there are {", ".join(SOURCES)}')
    splits = SOURCES[source](root, languages)
    for _, report in splits.values():
        _log.info("%s", report)
    return splits


def load_parallel(
    root: Path, source: str, split: str, languages: Languages = ("en", "de")
) -> list[SentencePair]:
    """One split of `source`: "train", "validation" or "test" (of newstest: a year).

    Raises DataError for an unknown source, split or language and for files that are missing or
    damaged.
    """
    splits = load_parallel_splits(root, source, languages)
    if split not in splits:
        raise DataError(f'"{source}" has no split "{split}"; it has {", ".join(splits)}')
    return splits[split][0]
