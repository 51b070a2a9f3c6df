"""The command `teach`: its options, and what it prints."""

import argparse
import tempfile
from pathlib import Path
from typing import Any

from training.commands.options import BASELINE_NAMES, CHOICES, add_root
from training.numbers import count
from training.usage import UsageError


def add_teach(actions: Any) -> None:
    """Its parser, among the other commands'."""
    parser = actions.add_parser(
        "teach",
        help="write what trained networks say of texts, to train another on",
        description="Average the probabilities that classifiers give texts, or choose among the "
        "translations that translators find, and write them to a file that a recipe can name as "
        "data.taught. An interrupted command goes on where it stopped.",
    )
    parser.add_argument(
        "runs",
        type=Path,
        nargs="+",
        metavar="RUN",
        help="a classifier's or a translator's run or published version",
    )
    parser.add_argument(
        "--texts",
        action="append",
        required=True,
        metavar="SOURCE",
        help="NAME or NAME:SPLIT, for example imdb:unlabelled; labels are not read (repeatable)",
    )
    parser.add_argument(
        "--baseline",
        action="append",
        default=[],
        choices=BASELINE_NAMES,
        help="another teacher, trained on the labelled data of the first RUN, a classifier's "
        "(repeatable)",
    )
    parser.add_argument(
        "--beam-size",
        type=count,
        metavar="N",
        help="of translators, each of which proposes so many translations (5)",
    )
    parser.add_argument(
        "--choose",
        choices=CHOICES,
        help="of translations: the closest to the right one, where that is known (default), the "
        "consensus of all that are proposed, or the one that the teacher itself likes best, from "
        "which a student learns to do without a beam",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="a .jsonl file")
    add_root(parser)
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    parser.set_defaults(command=teach)


def teach(options: argparse.Namespace) -> int:
    from training.teaching.growing import require_new_file

    require_new_file(options.out)  # before anything is read
    if _task_of(options.runs[0]) == "translation":
        rows = _teach_translators(options)
        print(f"{options.out}: {rows:,} texts, translations of {_teachers(len(options.runs))}")
    else:
        rows = _teach_classifiers(options)
        teachers = _teachers(len(options.runs) + len(options.baseline))
        print(f"{options.out}: {rows:,} texts with the mean probabilities of {teachers}")
    print(f"""train on them: --set 'data.taught=[{{file="{options.out}"}}]'""")
    return 0


def _task_of(path: Path) -> str:
    from service.artifact import read_artifact
    from training.run_folder import RunFolder
    from training.runs import run_recipe
    from training.teaching.versions import is_version

    if is_version(path):
        return read_artifact(path).manifest.task
    return run_recipe(RunFolder(path)).task


def _teachers(number: int) -> str:
    return "1 teacher" if number == 1 else f"{number} teachers"


def _teach_classifiers(options: argparse.Namespace) -> int:
    from training.corpora import load_texts
    from training.teaching.classifiers import BaselineTeacher, classifier_teacher, teach

    if options.beam_size is not None:
        raise UsageError("--beam-size is for translators; leave it out")
    if options.choose is not None:
        raise UsageError("--choose is for translators; leave it out")
    teachers = [classifier_teacher(path) for path in options.runs]
    texts = load_texts(options.root, options.texts)
    first = options.runs[0]
    teachers += [BaselineTeacher(name, first, options.root) for name in options.baseline]
    return teach(teachers, texts, options.out, options.quiet)


def _teach_translators(options: argparse.Namespace) -> int:
    from training.recipe import Languages
    from training.taught_corpora import texts_to_translate
    from training.teaching.translators import TranslatorTeacher, teach_pairs

    if options.baseline:
        raise UsageError("--baseline is a classifier; translators have no such teacher")
    with tempfile.TemporaryDirectory(prefix="gatehouse-") as scratch:
        teachers = [TranslatorTeacher(path, Path(scratch)) for path in options.runs]
        source, target = teachers[0].languages
        languages = Languages(source=source, target=target)
        texts = texts_to_translate(options.root, options.texts, languages)
        return teach_pairs(
            teachers,
            texts,
            options.out,
            options.beam_size or 5,
            options.quiet,
            options.choose or "closest",
        )
