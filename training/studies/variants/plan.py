"""What a study of variants trains: a file that names a recipe and changes of it.

::

    recipe = "translation-en-de"            # or a .toml file, beside the plan or elsewhere
    description = "What helps a small translator of captions."

    [base]                                  # changes for all, as with --set
    "training.epochs" = 6

    [variants."no label smoothing"]         # further changes, for this one alone
    "training.label_smoothing" = 0

Keys may be quoted or not, and sections written as tables: all change single settings.
"""

import copy
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from training.recipe import Recipe, RecipeError, read_recipe

PLANS = Path(__file__).with_name("plans")
BASE = "as it is"  # the name of the variant that changes nothing

_SEED = "training.seed"
_NO_NAME = re.compile(r"[^a-z0-9.]+")


def _settings(table: Any) -> Any:
    """A table of settings by dotted keys, however it was nested."""
    return dict(_dotted(table)) if isinstance(table, Mapping) else table


def _dotted(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        # A change of the whole section would put defaults in place of what the recipe says.
        if isinstance(value, Mapping):
            yield from _dotted(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


Settings = Annotated[dict[str, Any], BeforeValidator(_settings)]


class Plan(BaseModel):
    """A recipe and changes of it by dotted keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    recipe: str
    description: str
    base: Settings = {}
    variants: dict[str, Settings]

    def recipes(self, seed: int, changes: dict[str, Any]) -> dict[str, Recipe]:
        """Each variant's recipe by its name, the unchanged one first.

        changes: for all of them, over the base. Raises RecipeError, which names the variant.
        """
        recipes: dict[str, Recipe] = {}
        for name, own in {BASE: {}, **self.variants}.items():
            settings = {**self.base, **_settings(changes), **own}
            try:
                if _SEED in settings:
                    raise RecipeError(f"{_SEED} is the study's own; say how many with --seeds")
                # A copy, because a change of a section's key is made inside the section.
                recipes[name] = read_recipe(self.recipe, copy.deepcopy({**settings, _SEED: seed}))
                _require_comparable(recipes[name], recipes[BASE])
            except RecipeError as error:
                raise RecipeError(f"variant {name!r}: {error}") from None
        return recipes


def _require_comparable(recipe: Recipe, base: Recipe) -> None:
    """Raises RecipeError for a variant whose scores would be of other data, or of other labels."""
    for key in ("task", "labels", "languages", "target", "data.validation"):
        section, _, field = key.partition(".")
        mine, theirs = (getattr(one, section, None) for one in (recipe, base))
        if field:
            mine, theirs = getattr(mine, field), getattr(theirs, field)
        if mine != theirs:
            raise RecipeError(f"{key} is another one than the base's; scores could not be compared")


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
