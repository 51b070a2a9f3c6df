"""What every route works with, made once by the app and handed to the routes."""

from dataclasses import dataclass

from fastapi import Request

from service.api.pool import InferencePool
from service.metrics import Metrics
from service.repository import Repository
from service.settings import Settings


@dataclass(frozen=True)
class Services:
    """The parts that the app was made of, and its pools."""

    settings: Settings
    repository: Repository
    metrics: Metrics
    classification: InferencePool
    translation: InferencePool


def services_of(request: Request) -> Services:
    """The services of the app that answers this request."""
    services = request.app.state.services
    assert isinstance(services, Services)
    return services
