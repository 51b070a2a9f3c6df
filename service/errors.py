"""The tree of errors that the service can answer with.

Every message says what is wrong and what would be right. This module knows nothing about HTTP:
which status code belongs to which class stands in `service.api.errors` and nowhere else.
"""

from collections.abc import Iterable

QUOTE_LIMIT = 60  # characters of a user's text that a message may repeat


def quote(text: str) -> str:
    """`text` in quotes for a message: at most 60 characters of it, printable, no surrogates."""
    shown = text if len(text) <= QUOTE_LIMIT else text[: QUOTE_LIMIT - 1] + "…"
    return '"' + "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in shown) + '"'


def listing(names: Iterable[str]) -> str:
    """Names for a message, sorted and separated by commas; "none" where there are none."""
    return ", ".join(sorted(names)) or "none"


class GatehouseError(Exception):
    """The root of the tree. Its text is fit for the eyes of the user who caused it."""


class InvalidInput(GatehouseError):
    """A request that cannot be answered as it stands."""


class TextError(InvalidInput):
    """One text of a list that cannot be answered, and so the list cannot."""

    def __init__(self, index: int, reason: str) -> None:
        super().__init__(f"text {index}: {reason}")
        self.index = index
        self.reason = reason


class TextTooLong(TextError):
    """One text of a list that has more tokens than the settings allow."""


class Unexplainable(InvalidInput):
    """A version that cannot say how it came to its answers."""


class NotAcceptable(GatehouseError):
    """An answer in none of the forms that the client takes."""


class UnsupportedLanguagePair(InvalidInput):
    """No loaded model translates between the two languages."""

    def __init__(self, source: str, target: str, known: Iterable[tuple[str, str]]) -> None:
        pairs = listing(f"{first} to {second}" for first, second in known)
        super().__init__(
            f"no model translates {quote(source)} to {quote(target)}; pairs served here: {pairs}"
        )


class UnknownModel(GatehouseError):
    """The repository holds no model of that name (or not for that task)."""

    def __init__(self, name: str, known: Iterable[str], task: str | None = None) -> None:
        kind = f"{task} model" if task else "model"
        super().__init__(f"no {kind} is called {quote(name)}; served here: {listing(known)}")


class NoLanguageModel(UnknownModel):
    """The repository holds no model, or several and no chosen one, that identifies languages."""

    def __init__(self) -> None:
        GatehouseError.__init__(
            self,
            "no model is served here that tells the language of a text, or several and none called "
            '"language"; say which language it is, or publish one (python -m training train '
            "language --publish models/language)",
        )


class UnknownVersion(GatehouseError):
    """A model of that name is served, and not in that version."""

    def __init__(
        self, name: str, version: int, known: Iterable[int], state: str = "loaded"
    ) -> None:
        """known: the versions that are in that state."""
        numbers = ", ".join(str(number) for number in sorted(known)) or "none"
        super().__init__(f"version {version} of {name} is not {state}; {state} are: {numbers}")


class RoutingConflict(GatehouseError):
    """A change of the models that contradicts how they stand."""


class VersionRefused(RoutingConflict):
    """A version that somebody asked for cannot be loaded, or does not prove itself."""


class ChangeUnfinished(GatehouseError):
    """A worker did not carry out a change of the models in time."""


class ChangesNotAllowed(GatehouseError):
    """The settings do not allow that requests change the models."""


class KeyMissing(GatehouseError):
    """A request that brings no API key, where one is needed."""


class KeyRefused(GatehouseError):
    """A request with an API key that is none, or is none any more."""


class LimitExceeded(GatehouseError):
    """A request larger than the settings allow."""


class ModelsNotReady(GatehouseError):
    """A model is still loading, or failed to load."""


class ShuttingDown(GatehouseError):
    """The service is about to end, and others should be asked."""


class ProofError(GatehouseError):
    """A loaded model does not reproduce the examples in its manifest."""


class SettingsError(GatehouseError):
    """A setting that is unknown or out of range."""


class Overloaded(GatehouseError):
    """More requests wait than the settings allow."""

    def __init__(self, message: str, retry_seconds: int = 1) -> None:
        super().__init__(message)
        self.retry_seconds = retry_seconds


class RateExceeded(Overloaded):
    """A client asks more often than it may."""


class DeadlineExceeded(GatehouseError):
    """A request was not answered in the time that it had."""
