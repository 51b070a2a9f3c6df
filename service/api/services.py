"""What every route works with, made once by the app and handed to the routes."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from fastapi import Request

from service.api.answers import Answers
from service.api.inference import Inference
from service.api.languages import Languages
from service.metrics import Metrics
from service.repository import Repository
from service.settings import Settings

if TYPE_CHECKING:  # imported when the first request asks for them, or the settings do
    from service.api.documents import Documents
    from service.api.explanations import Explanations
    from service.api.generations import Generations
    from service.api.glossaries import Glossaries


@dataclass(frozen=True)
class Services:
    """The parts that the app was made of, and what answers with them."""

    settings: Settings
    repository: Repository
    metrics: Metrics
    inference: Inference
    answers: Answers
    languages: Languages
    glossaries: "Glossaries | None"  # of files

    @cached_property
    def explanations(self) -> "Explanations":
        """What explains answers."""
        from service.api.explanations import Explanations

        return Explanations(self.settings, self.inference, self.glossaries)

    @cached_property
    def generations(self) -> "Generations":
        """What continues texts."""
        from service.api.generations import Generations

        return Generations(self.inference, self.metrics.engines)

    @cached_property
    def documents(self) -> "Documents":
        """What translates HTML."""
        from service.api.documents import Documents

        return Documents(self.inference, self.answers)

    def close(self) -> None:
        """Ends the threads of those that were asked for."""
        for name in ("explanations", "documents"):
            if name in vars(self):
                getattr(self, name).close()


def services_of(request: Request) -> Services:
    """The services of the app that answers this request."""
    services = request.app.state.services
    assert isinstance(services, Services)
    return services
