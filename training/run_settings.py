"""What a run writes down of itself when it begins, in its recipe.json.

Knows nothing about tasks: what one of them needs to know again is among the facts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.artifact import Source as DataSource
from training.data.checksums import digest_of
from training.origin import Origin
from training.recipe import Recipe, parse_recipe
from training.run_folder import RunError, RunFolder

_OWN = ("recipe", "origin", "own_digest", "sources")


@dataclass(frozen=True)
class RunSettings:
    """The resolved recipe, where the examples came from, and the facts of the run's kind."""

    recipe: Recipe
    origin: Origin
    facts: Mapping[str, Any]
    sources: Sequence[DataSource] | None  # None of an older run, which did not write them down

    def write(self, run: RunFolder) -> None:
        """Raises OSError."""
        own = self.origin.own
        settings = {
            "recipe": self.recipe.model_dump(mode="json"),
            "origin": self.origin.to_json(),
            "own_digest": None if own is None else digest_of(own.file),
            "sources": [source.model_dump(mode="json") for source in self.sources or ()],
        }
        run.write_json(run.recipe, settings | dict(self.facts))

    @classmethod
    def read(cls, run: RunFolder) -> "RunSettings":
        """Raises RunError, also where a user's file is no longer the one that the run began with.

        RecipeError for a recipe that this version cannot use.
        """
        settings = run.read_recipe()
        recipe = parse_recipe(settings["recipe"], str(run.recipe))
        origin = Origin.from_json(settings["origin"])
        own = origin.own
        # Another file splits into other parts: its test set could hold what was trained on.
        if own and own.file.is_file() and digest_of(own.file) != settings["own_digest"]:
            raise RunError(
                f"{own.file} is not the file that {run.path} began with; put that one back, or "
                "train a new run"
            )
        recorded = settings.get("sources")
        return cls(
            recipe,
            origin,
            {key: value for key, value in settings.items() if key not in _OWN},
            None
            if recorded is None
            else [DataSource.model_validate(source) for source in recorded],
        )
