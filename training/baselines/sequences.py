"""The lines that sequence models have to beat, trained and measured on the same windows.

Of labels: the label before once more, the best guess from it alone, and logistic regression on the
whole window. Of a forecast: the last value, the value a season before, and ridge regression on the
whole window.
"""

from collections import Counter
from collections.abc import Callable, Mapping

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

from service.artifact.columns import feature_names
from training.recipe import LabelTarget
from training.sequence_data import ForecastData, LabelData
from training.tasks.sequence import ForecastWindows, LabelWindows

LINEAR = "linear model"
_FITTED = 4000  # windows of a series that the ridge regression is fitted on

Classifier = Callable[[LabelWindows], np.ndarray]  # windows to the class of each one's last step
Forecaster = Callable[[ForecastWindows], np.ndarray]  # to windows x horizon x columns


def label_baselines(data: LabelData, target: LabelTarget) -> Mapping[str, Classifier]:
    """By what they are called in a table."""
    baselines: dict[str, Classifier] = {}
    if target.previous is not None:
        baselines |= _from_previous(data, target.previous)
    baselines[LINEAR] = _logistic(data)
    return baselines


def forecast_baselines(data: ForecastData) -> Mapping[str, Forecaster]:
    """By what they are called in a table."""
    return {**naive_forecasts(data), LINEAR: _ridge(data)}


def naive_forecasts(data: ForecastData) -> Mapping[str, Forecaster]:
    """The last value for all steps, and the value a season before."""

    def last_value(windows: ForecastWindows) -> np.ndarray:
        ends = windows.values[windows.starts + windows.length - 1]  # windows x columns
        return np.repeat(ends[:, None], windows.horizon, axis=1)

    def season_before(windows: ForecastWindows) -> np.ndarray:
        # The latest value at the same place of a season that is known when the forecast is made.
        ahead = np.arange(windows.horizon)
        places = windows.length + ahead - data.period * (ahead // data.period + 1)
        known = windows.starts[:, None] + places  # windows x horizon
        # At the beginning of a file no season is known yet.
        known = np.where(known < 0, windows.starts[:, None] + windows.length - 1, known)
        values: np.ndarray = windows.values[known]
        return values

    baselines: dict[str, Forecaster] = {"last value": last_value}
    if data.period > 1:
        baselines["seasonal naive"] = season_before
    return baselines


def _from_previous(data: LabelData, column: str) -> dict[str, Classifier]:
    names = feature_names(data.columns)
    places = [names.index(f"{column}={label}") for label in data.labels]
    counts = [Counter[int]() for _ in range(len(places) + 1)]  # the last: not noted

    def previous(steps: np.ndarray) -> np.ndarray:
        """The class that the column holds at each step; the number of classes for none."""
        chosen = steps[:, places]  # steps x classes
        known: np.ndarray = np.where(chosen.any(axis=1), chosen.argmax(axis=1), len(places))
        return known

    for sequence, classes in zip(data.train.sequences, data.train.classes, strict=True):
        for before, label in zip(previous(sequence), classes, strict=False):
            counts[before][int(label)] += 1
    guess = np.array([count.most_common(1)[0][0] if count else 0 for count in counts])

    def ends(windows: LabelWindows) -> np.ndarray:
        return previous(np.stack([sequence[-1] for sequence in windows.sequences]))

    def again(windows: LabelWindows) -> np.ndarray:
        before = ends(windows)
        repeated: np.ndarray = np.where(before < len(places), before, guess[-1])
        return repeated

    shown = column.replace("_", " ")
    return {f"{shown} again": again, f"from {shown} alone": lambda windows: guess[ends(windows)]}


def _logistic(data: LabelData) -> Classifier:
    scaler = StandardScaler()
    model = LogisticRegression(C=0.1, max_iter=1000)
    model.fit(scaler.fit_transform(_flat(data.fitted, data.window)), data.fitted.last)

    def classify(windows: LabelWindows) -> np.ndarray:
        chosen: np.ndarray = model.predict(scaler.transform(_flat(windows, data.window)))
        return chosen

    return classify


def _flat(windows: LabelWindows, window: int) -> np.ndarray:
    """windows x (window * features), float64; 0 before a shorter sequence."""
    width = windows.sequences[0].shape[1]
    rows = np.zeros((len(windows.sequences), window, width))
    for row, sequence in zip(rows, windows.sequences, strict=True):
        row[window - len(sequence) :] = sequence
    return rows.reshape(len(rows), -1)


def _ridge(data: ForecastData) -> Forecaster:
    scaler = StandardScaler()
    model = Ridge(alpha=10.0)
    chosen = np.linspace(0, len(data.train.starts) - 1, _FITTED).astype(int)
    some = np.unique(chosen)
    known = data.train.values[: data.train.starts[-1] + data.train.length]
    means, deviations = known.mean(axis=0), known.std(axis=0)
    gold = (data.train.followed_last()[some] - means) / deviations
    model.fit(scaler.fit_transform(_inputs(data.train, some)), gold.reshape(len(some), -1))

    def forecast(windows: ForecastWindows) -> np.ndarray:
        everything = np.arange(len(windows.starts))
        ahead = model.predict(scaler.transform(_inputs(windows, everything)))
        own: np.ndarray = ahead.reshape(len(everything), windows.horizon, -1) * deviations + means
        return own

    return forecast


def _inputs(windows: ForecastWindows, chosen: np.ndarray) -> np.ndarray:
    return np.stack([windows.features(int(i)).ravel() for i in chosen]).astype(np.float64)
