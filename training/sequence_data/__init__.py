"""From a sequence recipe to windows: what is read, what is to be answered, what is held out.

Knows nothing about networks.
"""

from training.origin import Origin
from training.recipe import ForecastTarget, SequenceRecipe
from training.sequence_data.forecasts import ForecastData, forecast_data, forecast_places
from training.sequence_data.generated import GENERATED
from training.sequence_data.labels import LabelData, label_data
from training.sequence_data.reading import Reading, SequenceData, measured_data

__all__ = [
    "GENERATED",
    "ForecastData",
    "LabelData",
    "Reading",
    "SequenceData",
    "forecast_places",
    "measured_data",
    "sequence_data",
]


def sequence_data(recipe: SequenceRecipe, origin: Origin) -> SequenceData:
    """What a recipe names, or a user's file. Raises DataError."""
    if isinstance(recipe.target, ForecastTarget):
        return forecast_data(recipe, recipe.target, origin.own)
    return label_data(recipe, recipe.target, origin.own)
