"""Reads recipes, those of the package and those of a user, with settings overridden."""

import tomllib
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from training.recipe.any import Recipe
from training.recipe.sections import RecipeError

RECIPES = Path(__file__).parents[1] / "recipes"
_RECIPE: TypeAdapter[Recipe] = TypeAdapter(Recipe)


def recipe_names() -> list[str]:
    """The recipes that come with the package."""
    return sorted(path.stem for path in RECIPES.glob("*.toml"))


def read_recipe(name: str, overrides: dict[str, Any] | None = None) -> Recipe:
    """The recipe of that name, or at that path if it ends in ``.toml``.

    ``overrides`` maps dotted keys (``training.epochs``) to values. Raises RecipeError.
    """
    path = Path(name) if name.endswith(".toml") else RECIPES / f"{name}.toml"
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        known = ", ".join(recipe_names())
        raise RecipeError(
            f"there is no recipe {name!r}; known recipes: {known} (or the path of a .toml file)"
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{path} is not valid TOML: {error}") from None
    settings.setdefault("name", path.stem)
    for key, value in (overrides or {}).items():
        _override(settings, key, value)
    return parse_recipe(settings, str(path))


def parse_recipe(settings: dict[str, Any], origin: str) -> Recipe:
    """A validated recipe from plain data. ``origin`` names it in errors."""
    try:
        return _RECIPE.validate_python(settings)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in item['loc']) or 'task'}: {item['msg']}"
            for item in error.errors(include_url=False)
        )
        raise RecipeError(f"{origin}: {problems}") from None


def parse_override(text: str) -> tuple[str, Any]:
    """``training.epochs=3`` as a key and a value; the value is read as TOML, else as a string."""
    key, separator, value = text.partition("=")
    if not separator or not key.strip():
        raise RecipeError(f"--set {text!r}: write it as key=value, for example training.epochs=3")
    try:
        return key.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key.strip(), value


def _override(settings: dict[str, Any], key: str, value: Any) -> None:
    *parents, last = key.split(".")
    section = settings
    for parent in parents:
        section = section.setdefault(parent, {})
        if not isinstance(section, dict):
            raise RecipeError(f"--set {key}: {parent} is a value, not a section")
    section[last] = value
