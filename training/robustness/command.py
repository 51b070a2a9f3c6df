"""The command `robustness`: its options, and what it prints."""

import argparse
from pathlib import Path
from typing import Any

from training.commands.options import add_root
from training.numbers import count
from training.robustness.parts import PARTS

DESCRIPTION = (
    "Measure published translators of one direction as they are served, side by side; the first is "
    "the baseline. kept: which names, numbers and addresses of sentences written for this project "
    "come through. typed: BLEU of a test set in capitals, in lower case, without its end, with a "
    "typing error. odd: what nobody should send. glossary: whether terms appear, and what that "
    "costs (models that take one). search: BLEU of greedy search beside a beam of 5."
)


def add_robustness(actions: Any) -> None:
    """Its parser, among the other commands'."""
    parser = actions.add_parser(
        "robustness",
        help="what translators keep, what typing costs them, odd texts, glossaries",
        description=DESCRIPTION,
    )
    parser.add_argument(
        "models", type=Path, nargs="+", metavar="models/NAME/VERSION", help="the baseline first"
    )
    parser.add_argument(
        "--part", action="append", choices=PARTS, help="measure this alone (all; repeatable)"
    )
    parser.add_argument(
        "--test-set",
        default="multi30k:test",
        metavar="NAME:SPLIT",
        help="pairs for typed, glossary and search (multi30k:test), for example newstest:2014",
    )
    parser.add_argument(
        "--limit", type=count, metavar="N", help="so many sentences of each set, spread over it"
    )
    parser.add_argument("--beam-size", type=count, default=5, metavar="N", help="of the search (5)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the typing errors (1)")
    parser.add_argument(
        "--show-failures", action="store_true", help="list what was lost, endless or missed"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="write all of it as JSON")
    add_root(parser)
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")
    parser.set_defaults(command=robustness)


def robustness(options: argparse.Namespace) -> int:
    """Raises ArtifactError, DataError, UsageError, OSError."""
    from training.robustness.report import failures, report, write_findings
    from training.robustness.study import Choice, run_study
    from training.usage import UsageError

    if options.out is not None and not options.out.parent.is_dir():
        raise UsageError(f"--out {options.out}: there is no folder {options.out.parent}")
    choice = Choice(
        options.models,
        options.root,
        options.part or PARTS,
        options.test_set,
        options.limit,
        options.seed,
        options.beam_size,
        options.quiet,
    )
    findings = run_study(choice)
    print(report(findings))
    if options.show_failures:
        print(f"\n{failures(findings)}")
    if options.out is not None:
        write_findings(findings, options.out)
        print(f"\n{options.out}")
    return 0
