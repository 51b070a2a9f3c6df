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

RESTORED_FROM = "restored_from"  # a fact of a run that was read out of a published version
AVERAGED_SEEDS = "averaged_seeds"  # a fact of a run that is the mean of others: theirs
INITIAL_SHARE = "initial_share"  # a fact of such a run: what those count that it began with
NGRAM_SHARE = "ngram_share"  # a fact of a run that was given a table of n-grams: its weight
_OWN = ("recipe", "origin", "own_digest", "sources")


@dataclass(frozen=True)
class RunSettings:
    """The resolved recipe, where the examples came from, and the facts of the run's kind."""

    recipe: Recipe
    origin: Origin
    facts: Mapping[str, Any]
    sources: Sequence[DataSource] | None  # None of an older run, which did not write them down
    own_digest: str | None  # of the user's file, as the run began with it

    @property
    def history(self) -> tuple[str, ...]:
        """What its recipe does not say of how its weights came about, a line each."""
        lines = []
        if (seeds := self.facts.get(AVERAGED_SEEDS)) is not None:
            named = ", ".join(map(str, seeds))
            trained = (
                f"those of one run (seed {named})"
                if len(seeds) == 1
                else f"the mean of those of {len(seeds)} runs with other seeds ({named}), of which "
                "the manifest names the first"
            )
            if initial := self.facts.get(INITIAL_SHARE):
                trained = f"{trained}, and {initial:g} of those that it began with"
            lines.append(f"weights: {trained}")
        if (share := self.facts.get(NGRAM_SHARE)) is not None:
            lines.append(
                "n-grams: the table was fitted to the training texts once the network had been "
                f"trained, and counts {share:.2f} of the network, fitted on the validation sets"
            )
        return tuple(lines)

    @property
    def made_as(self) -> str | None:
        """What a run is that no training made, so that none can go on with it; None of others."""
        if NGRAM_SHARE in self.facts:
            return "was given its table of n-grams once its training was over"
        if AVERAGED_SEEDS in self.facts:
            return "is the mean of other runs"
        return None

    @classmethod
    def beginning(
        cls,
        recipe: Recipe,
        origin: Origin,
        facts: Mapping[str, Any],
        sources: Sequence[DataSource],
    ) -> "RunSettings":
        """Those of a run that begins with the user's file as it is now. Raises OSError."""
        own = origin.own
        return cls(recipe, origin, facts, sources, None if own is None else digest_of(own.file))

    def write(self, run: RunFolder) -> None:
        """Raises OSError."""
        settings = {
            "recipe": self.recipe.model_dump(mode="json"),
            "origin": self.origin.to_json(),
            "own_digest": self.own_digest,
            "sources": [source.model_dump(mode="json") for source in self.sources or ()],
        }
        run.write_json(run.recipe, settings | dict(self.facts))

    @classmethod
    def read(cls, run: RunFolder) -> "RunSettings":
        """Those of a run that is to go on, or to be measured.

        Raises RunError, also where a user's file is no longer the one that the run began with or
        the run was restored from a version, and RecipeError for a recipe that cannot be used.
        """
        settings = cls.recorded(run)
        if (version := settings.facts.get(RESTORED_FROM)) is not None:
            raise RunError(
                f"{run.path} was restored from {version}: it can neither go on nor be exported or "
                f"measured again; begin another run with it (--set initial_run={run.path})"
            )
        own = settings.origin.own
        # Another file splits into other parts: its test set could hold what was trained on.
        if own and own.file.is_file() and digest_of(own.file) != settings.own_digest:
            raise RunError(
                f"{own.file} is not the file that {run.path} began with; put that one back, or "
                "train a new run"
            )
        return settings

    @classmethod
    def recorded(cls, run: RunFolder) -> "RunSettings":
        """Those of a run whose data nobody asks for again.

        Raises RunError, and RecipeError for a recipe that this version cannot use.
        """
        settings = run.read_recipe()
        sources = settings.get("sources")
        return cls(
            parse_recipe(settings["recipe"], str(run.recipe)),
            Origin.from_json(settings["origin"]),
            {key: value for key, value in settings.items() if key not in _OWN},
            None if sources is None else [DataSource.model_validate(one) for one in sources],
            settings.get("own_digest"),
        )
