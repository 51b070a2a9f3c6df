"""The parameters that a request may bring: how it is run, and what the model is to do.

Those that the protocol reserves and that mean nothing here are passed over; any other that is not
known is refused, because what is asked for would silently not happen.
"""

from collections.abc import Mapping
from typing import Annotated, TypeVar

from fastapi import Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue
from pydantic_core import PydanticCustomError, from_json

from service.api.inference import Call
from service.api.open_inference.messages import parse_parameters
from service.api.schemas import BeamSize, LengthPenalty, MaxLength, TopK
from service.api.search_options import search_options
from service.api.services import Services
from service.errors import InvalidInput, quote
from service.runtime.search import SearchOptions
from service.settings import Settings

# Sequences are for models that keep a state between requests, which none here does.
_PASSED_OVER = {"sequence_id", "sequence_start", "sequence_end", "headers", "content_type"}
_RESERVED_PREFIX = "triton_"
BULK_PRIORITY = 2


def _glossary(given: object) -> object:
    """An object of terms, also where it is written into a string."""
    if isinstance(given, str):
        try:
            given = from_json(given)
        except ValueError:
            given = None
        if not isinstance(given, dict):
            raise PydanticCustomError(
                "glossary", 'Input should be an object of terms, such as {"house": "Gebäude"}'
            )
    if isinstance(given, dict):
        wrong = next((term for term, value in given.items() if not isinstance(value, str)), None)
        if wrong is not None:
            raise PydanticCustomError("term", f"what {quote(wrong)} is to become must be a string")
    return given


class RequestParameters(BaseModel):
    """How a request is run."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    # The extension for scheduling; 0 stands for the default in both.
    priority: Annotated[int, Field(ge=0)] = 0
    timeout: Annotated[int, Field(ge=0)] = 0  # microseconds
    binary_data_output: bool = False

    def call(self, request: Request, services: Services, rows: int) -> Call:
        """What the request says of how it is to be run; `timeout` goes before X-Timeout-Ms.

        Raises InvalidInput for a timeout beyond the limit.
        """
        call = services.inference.call(request, rows)
        largest = services.settings.max_timeout_ms * 1000
        if self.timeout > largest:
            raise InvalidInput(f"timeout must be {largest:,} microseconds or less")
        if self.timeout:
            call.timeout = self.timeout / 1_000_000
        # A lower priority can be asked for, and not that others wait.
        call.bulk = call.bulk or self.priority >= BULK_PRIORITY
        return call


class ClassificationParameters(RequestParameters):
    """What a classifier is to do."""

    top_k: TopK = None


class TranslationParameters(RequestParameters):
    """What a translator is to do."""

    beam_size: BeamSize = None
    num_hypotheses: Annotated[int | None, Field(ge=1)] = None
    length_penalty: LengthPenalty = None
    max_length: MaxLength = None
    # The protocol's parameters are strings, numbers and booleans; clients differ in what they send.
    glossary: Annotated[dict[str, str] | None, BeforeValidator(_glossary)] = None

    def search(self, settings: Settings) -> SearchOptions:
        """The search that is asked for. Raises InvalidInput where it is beyond the limits."""
        return search_options(
            settings,
            beam_size=self.beam_size,
            num_hypotheses=self.num_hypotheses,
            length_penalty=self.length_penalty,
            max_length=self.max_length,
            glossary=self.glossary,
        )


Parameters = TypeVar("Parameters", bound=RequestParameters)


def read_parameters(given: Mapping[str, JsonValue], schema: type[Parameters]) -> Parameters:
    """The parameters of a request to a model of some task. Raises InvalidInput."""
    meant = {
        name: value
        for name, value in given.items()
        if name not in _PASSED_OVER and not name.startswith(_RESERVED_PREFIX)
    }
    return parse_parameters(meant, schema)
