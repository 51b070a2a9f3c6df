"""What a study of variants trains: a file that names a recipe and changes of it.

::

    recipe = "translation-en-de"            # or a .toml file, beside the plan or elsewhere
    description = "What helps a small translator of captions."

    [base]                                  # changes for all, as with --set
    "training.epochs" = 6

    [variants."no label smoothing"]         # further changes, for this one alone
    "training.label_smoothing" = 0
"""

import copy
import re
import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from training.recipe import Recipe, RecipeError, read_recipe

PLANS = Path(__file__).with_name("plans")
BASE = "as it is"  # the name of the variant that changes nothing

_NO_NAME = re.compile(r"[^a-z0-9.]+")


class Plan(BaseModel):
    """A recipe and changes of it by dotted keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    recipe: str
    description: str
    base: dict[str, Any] = {}
    variants: dict[str, dict[str, Any]]

    def recipes(self, seed: int, changes: dict[str, Any]) -> dict[str, Recipe]:
        """Each variant's recipe by its name, the unchanged one first.

        changes: for all of them, over the base. Raises RecipeError, which names the variant.
        """
        recipes = {}
        for name, own in {BASE: {}, **self.variants}.items():
            settings = {**self.base, **changes, **own, "training.seed": seed}
            try:
                # A copy, because a change of a section's key is made inside the section.
                recipes[name] = read_recipe(self.recipe, copy.deepcopy(settings))
            except RecipeError as error:
                raise RecipeError(f"variant {name!r}: {error}") from None
        return recipes


def plan_names() -> list[str]:
    """The plans that come with the package."""
    return sorted(path.stem for path in PLANS.glob("*.toml"))


def read_plan(name: str) -> Plan:
    """The plan of that name, or at that path if it ends in ``.toml``. Raises RecipeError."""
    path = Path(name) if name.endswith(".toml") else PLANS / f"{name}.toml"
    try:
        plan = Plan.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise RecipeError(
            f"there is no plan {name!r}; known plans: {', '.join(plan_names())} (or the path of a "
            ".toml file)"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path} is not valid TOML: {error}") from None
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, item['loc']))}: {item['msg']}"
            for item in error.errors(include_url=False)
        )
        raise RecipeError(f"{path}: {problems}") from None
    folders = [folder_name(variant, 0) for variant in (BASE, *plan.variants)]
    beside = path.parent / plan.recipe
    if plan.recipe.endswith(".toml") and beside.exists():
        plan = plan.model_copy(update={"recipe": str(beside)})
    if twice := sorted({name for name in folders if folders.count(name) > 1}):
        raise RecipeError(f"{path}: two variants would lie in one folder ({', '.join(twice)})")
    return plan


def folder_name(variant: str, seed: int) -> str:
    """Where the run of a variant lies: its name as a file's name, and the seed."""
    return f"{_NO_NAME.sub('-', variant.lower()).strip('-')}-{seed}"
