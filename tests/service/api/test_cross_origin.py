"""Pages of other origins: allowed where the settings name them, and told so before they send."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from service.access.keys import hash_of
from service.settings import Settings
from tests.service.api.conftest import OpenClient, loaded_client

APP, OTHER = "https://app.example", "https://other.example"


def ask_first(
    client: TestClient, origin: str, method: str = "POST", path: str = "/predict"
) -> tuple[int, dict[str, str]]:
    """What a browser asks before it sends, and its answer."""
    answer = client.options(
        path,
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "authorization,content-type,x-timeout-ms",
        },
    )
    return answer.status_code, dict(answer.headers)


def test_no_origin_is_allowed_by_default(open_client: OpenClient) -> None:
    with open_client() as client:
        status, headers = ask_first(client, APP)
        assert status == 405
        answer = client.post("/predict", json={"inputs": "good"}, headers={"Origin": APP})
        assert answer.status_code == 200
        for got in (headers, answer.headers):
            assert not [name for name in got if name.startswith("access-control")]


def test_pages_of_the_origins_named_may_read_answers(open_client: OpenClient) -> None:
    with open_client(cors_origins=f"{APP}, http://localhost:3000") as client:
        for path in ("/predict", "/models"):
            status, headers = ask_first(client, APP, path=path)
            assert status == 200
            assert headers["access-control-allow-origin"] == APP
            assert "authorization" in headers["access-control-allow-headers"]
            assert headers["x-request-id"]
        for method, path in (("POST", "/predict"), ("GET", "/models"), ("GET", "/nowhere")):
            answer = client.request(
                method, path, json={"inputs": "good"}, headers={"Origin": "http://localhost:3000"}
            )
            assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"
            assert "Origin" in answer.headers["vary"]
            assert "RateLimit" in answer.headers["access-control-expose-headers"]
            assert "access-control-allow-credentials" not in answer.headers


def test_pages_of_other_origins_may_not(open_client: OpenClient) -> None:
    with open_client(cors_origins=APP) as client:
        refused = client.options(
            "/predict", headers={"Origin": OTHER, "Access-Control-Request-Method": "POST"}
        )
        assert refused.status_code == 400
        assert refused.json() == {"error": f'pages of "{OTHER}" may not ask; those of {APP} may'}
        assert "access-control-allow-origin" not in refused.headers
        answer = client.post("/predict", json={"inputs": "good"}, headers={"Origin": OTHER})
        assert "access-control-allow-origin" not in answer.headers
        # A request that is no browser's is not concerned.
        assert client.post("/predict", json={"inputs": "good"}).status_code == 200


def test_models_are_not_changed_from_elsewhere(open_client: OpenClient) -> None:
    with open_client(cors_origins="*", allow_model_changes=True) as client:
        for method in ("PUT", "DELETE"):
            status, _ = ask_first(client, APP, method, "/models/sentiment/candidate")
            assert status == 400
        answer = client.post("/models/rescan", headers={"Origin": APP})
        assert answer.status_code == 403


def test_a_browser_asks_without_a_key_and_reads_why_it_is_refused(
    published_models: Path, tmp_path: Path
) -> None:
    path = tmp_path / "keys.toml"
    path.write_text(f'shop = {{ hash = "{hash_of("s")}" }}\n')
    settings = {"keys_file": path, "cors_origins": "*", "address_rate_limit": "1/day"}
    with loaded_client(published_models, **settings) as client:
        for _ in range(3):
            assert ask_first(client, APP)[0] == 200
        origin = {"Origin": APP}
        missing = client.post("/predict", json={"inputs": "good"}, headers=origin)
        limited = client.post("/predict", json={"inputs": "good"}, headers=origin)
        allowed = client.post(
            "/predict", json={"inputs": "good"}, headers={**origin, "X-API-Key": "s"}
        )
        metrics = client.get("/metrics", headers={"X-API-Key": "s"}).text
    assert [a.status_code for a in (missing, limited, allowed)] == [401, 429, 200]
    for answer in (missing, limited, allowed):
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["x-request-id"]
    # All of them are counted, the direct route by its template.
    assert 'requests_total{method="POST",route="/predict",status="200"} 1.0' in metrics
    for status in ("401", "429"):
        assert f'route="/predict",status="{status}"}} 1.0' in metrics
    assert 'requests_total{method="OPTIONS",route="unmatched",status="200"} 3.0' in metrics


@pytest.mark.parametrize(
    "origins",
    ["app.example", "https://app.example/", "https://a.example;https://b.example/x", "*,"],
)
def test_what_is_no_origin_is_an_error(origins: str) -> None:
    with pytest.raises(ValueError, match="cors_origins"):
        Settings.model_validate({"cors_origins": origins})
