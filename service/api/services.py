"""What every route works with, made once by the app and handed to the routes."""

from dataclasses import dataclass

from fastapi import Request

from service.api.answers import Answers
from service.api.documents import Documents
from service.api.explanations import Explanations
from service.api.inference import Inference
from service.api.languages import Languages
from service.metrics import Metrics
from service.repository import Repository
from service.settings import Settings


@dataclass(frozen=True)
class Services:
    """The parts that the app was made of, and what answers with them."""

    settings: Settings
    repository: Repository
    metrics: Metrics
    inference: Inference
    answers: Answers
    languages: Languages
    explanations: Explanations
    documents: Documents


def services_of(request: Request) -> Services:
    """The services of the app that answers this request."""
    services = request.app.state.services
    assert isinstance(services, Services)
    return services
