"""These tests break the platform that `scripts/test-compose` started; by themselves they are skipped."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def running(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--stack") != "running":
        pytest.skip("needs the platform of `make test-compose`")
