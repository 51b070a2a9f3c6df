"""The app behind a real socket, in a thread of the test's own process."""

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import uvicorn

from service.api.admission import Admission
from service.api.protocol import GatehouseProtocol
from service.api.services import Services
from tests.service.api.conftest import make_app
from tests.service.api.gates import Gates, gated_sessions

PAIR = {"source": "en", "target": "de"}
LONG_TEXT = "two men talk in the street and a good cat sat on the mat in the park. " * 250
_LONGEST = 300  # seconds until an answer; one that does not come fails its test
_ATTEMPTS = 3_000  # questions asked before something that should come about is given up


class Live:
    """A running server, the gates of its sessions, and what a client can ask it."""

    def __init__(self, address: tuple[str, int], app: Any, gates: Gates) -> None:
        self.address = address
        self.app = app
        self.gates = gates
        services = app.state.services
        assert isinstance(services, Services)
        self.repository = services.repository
        self.explanations = services.explanations
        self._inference = services.inference
        self.loop = services.inference.loop
        base = "http://{}:{}".format(*address)
        self.client = httpx2.Client(base_url=base, timeout=_LONGEST)

    def send(self, path: str, body: object, **headers: str) -> socket.socket:
        """A connection on which a request has been sent, and nothing read."""
        content = json.dumps(body).encode()
        lines = [f"POST {path} HTTP/1.1", "Host: x", f"Content-Length: {len(content)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        connection = socket.create_connection(self.address)
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + content)
        return connection

    def metric(self, name: str, **labels: str) -> float:
        """The value of a metric, summed over the labels that are not given; 0 for new labels."""
        values = []
        known = False
        for line in self.client.get("/metrics").text.splitlines():
            match = re.fullmatch(rf"gatehouse_{name}(?:{{(.*)}})? (\S+)", line)
            if match:
                known = True
                given = dict(re.findall(r'(\w+)="([^"]*)"', match[1] or ""))
                if labels.items() <= given.items():
                    values.append(float(match[2]))
        assert known, f"there is no gatehouse_{name}"
        return sum(values)

    def outcomes(self, model: str) -> dict[str, int]:
        """The outcomes of requests to a model that have come up."""
        counts = {
            outcome: int(self.metric("inference_requests_total", model=model, outcome=outcome))
            for outcome in ("answered", "refused", "expired", "cancelled", "failed")
        }
        return {outcome: count for outcome, count in counts.items() if count}

    def taken(self, model: str, version: int | None = None) -> int:
        """The rows of a version, or of all versions of a model, that wait or are computed."""
        return sum(
            admission.rows
            for (name, number), admission in self._inference._admissions.items()
            if name == model and version in (None, number)
        )

    def admission(self, classifier: str) -> Admission:
        """What decides whether a request to a classifier may wait."""
        with self.repository.classifier(classifier) as chosen:
            return self._inference._admission(chosen.pipeline)

    def until(self, holds: Callable[[], bool]) -> None:
        """Ask until something holds. Fails where it does not come about."""
        for _ in range(_ATTEMPTS):
            if holds():
                return
            self.client.get("/health/live")
        raise AssertionError("it did not come about")


_PATIENCE = 30  # seconds for requests that a test which failed has left behind


@contextmanager
def live_server(models: Path, **settings: object) -> Iterator[Live]:
    """A server over a models folder, all of it loaded. It ends when nothing is computed."""
    with gated_sessions() as gates:
        app = make_app(models, **settings)
        config = uvicorn.Config(
            app,
            loop="uvloop",
            http=GatehouseProtocol,
            ws="none",
            lifespan="on",
            log_config=None,
            timeout_graceful_shutdown=_PATIENCE,
        )
        server = uvicorn.Server(config)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()
            try:
                address = listener.getsockname()
                assert httpx2.get("http://{}:{}/health/live".format(*address)).status_code == 200
                live = Live(address, app, gates)
                live.repository.wait_until_loaded()
                with live.client:
                    yield live
            finally:
                gates.open_all()
                server.should_exit = True
                thread.join(_LONGEST)
                assert not thread.is_alive(), "the server does not end"
