"""The command `study variants`: its options, and what it prints."""

import argparse
from pathlib import Path
from typing import Any

from training.commands.options import add_root, add_set
from training.numbers import count
from training.studies.variants.plan import BASE, plan_names, read_plan
from training.usage import UsageError


def add_variants(kinds: Any) -> None:
    """Its parser, among the other studies'."""
    parser = kinds.add_parser(
        "variants",
        help="what each setting of a recipe is worth",
        description="Train a recipe as it is, and again with one setting changed at a time, as a "
        "plan says; a table shows what the validation data say of each. Runs lie in the folder, "
        "and an interrupted study goes on there.",
    )
    parser.add_argument(
        "plan", metavar="PLAN", help=f"{', '.join(plan_names())}, or the path of a .toml file"
    )
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NAME",
        help=f"train this variant, beside {BASE!r} (all of them; repeatable)",
    )
    parser.add_argument(
        "--seeds", type=count, default=1, metavar="N", help="runs of each variant (1)"
    )
    parser.add_argument(
        "--run", type=Path, metavar="DIR", help="where the runs lie (runs/PLAN-variants)"
    )
    add_root(parser)
    add_set(parser)
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")
    parser.set_defaults(command=study_variants)


def study_variants(options: argparse.Namespace) -> int:
    """Raises RecipeError, DataError, RunError, UsageError, Stopped."""
    from training.recipe import parse_override
    from training.studies.variants.study import Outcome, Study, outcomes
    from training.studies.variants.table import shown, variants_table

    plan = read_plan(options.plan)
    if unknown := sorted(set(options.only) - {BASE, *plan.variants}):
        raise UsageError(
            f"{', '.join(unknown)}: the plan has no such variant; it has {', '.join(plan.variants)}"
        )
    study = Study(
        plan,
        options.root,
        options.run or Path("runs") / f"{Path(options.plan).stem}-variants",
        range(1, options.seeds + 1),
        dict(parse_override(text) for text in options.set),
        options.quiet,
    )
    found: dict[str, list[Outcome]] = {}
    failed = []
    names = dict.fromkeys([BASE, *(options.only or plan.variants)])
    for name, seed, outcome in outcomes(study, list(names)):
        if isinstance(outcome, Outcome):
            found.setdefault(name, []).append(outcome)
            print(f"{name}, seed {seed}: {outcome.metric} {shown(outcome.score)}", flush=True)
        else:
            failed.append(f"{name}, seed {seed}: {outcome}")
    if BASE in found:
        print(f"\n{plan.description} Validation data, never a test set.\n")
        print(variants_table(found, BASE))
    if failed:
        raise UsageError(f"not all variants came to their end: {'; '.join(failed)}")
    return 0
