import httpx
import pytest

from streamlit_app.health import Probes
from streamlit_app.pipeline import page
from tests.support.dashboard import Platform


@pytest.fixture
def reached(platform: Platform, environment: pytest.MonkeyPatch) -> Platform:
    """The platform, whose parts answer when they are asked for their health, too; gRPC alone is not there."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v2/monitor/health":
            return platform.airflow(request)
        if request.url.path.startswith("/api/2.0/mlflow"):
            return httpx.Response(503 if platform.registry.is_down else 200, json={"experiment": {}})
        if platform.rest_is_down:
            raise httpx.ConnectError("refused")
        known = {
            "/health/live": {"status": "live"},
            "/health/ready": {"model": "1"},
            "/graphql": {"data": {"__typename": "Query"}},
        }
        is_well = request.url.path in known or not platform.objects.is_down
        return httpx.Response(200 if is_well else 503, json=known.get(request.url.path, {}))

    transport = httpx.MockTransport(answer)
    environment.setattr(page, "Probes", lambda rest, mlflow, airflow: Probes(rest, mlflow, airflow, transport))
    return platform
