"""Whether a request may change the models: the one place that all routes which do so ask."""

from urllib.parse import urlsplit

from fastapi import Request

from service.api.access import visit_of
from service.api.services import Services, services_of
from service.errors import ChangesNotAllowed
from service.settings import flag, variable


def may_change_models(request: Request) -> Services:
    """The services, for a route that changes models.

    Raises ChangesNotAllowed where the settings do not allow changes; where keys are asked for and
    the request's is no admin's; and, without keys, where a web page of another origin sends it, as
    any page that an operator looks at could.
    """
    services = services_of(request)
    settings = services.settings
    if not settings.allow_model_changes:
        name = "allow_model_changes"
        raise ChangesNotAllowed(
            f"requests may not change the models here; start the service with {flag(name)} or "
            f"{variable(name)}=1 if they should"
        )
    if settings.keys_file is not None:
        visit = visit_of(request.scope)
        key = None if visit is None else visit.key
        if key is None or key.role != "admin":
            who = "this request" if key is None else f"the key {key.id}"
            raise ChangesNotAllowed(
                f"{who} may not change the models; ask with a key whose role is admin"
            )
    elif _from_another_origin(request):
        raise ChangesNotAllowed(
            "web pages of other origins may not change the models of a service without keys; give "
            f"it keys with {flag('keys_file')}"
        )
    return services


def _from_another_origin(request: Request) -> bool:
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host")
