from typing import Any

import schemathesis
from hypothesis import HealthCheck, given, settings

from song_preference.serving.predictor import Predictor
from tests.unit.fastapi_app.test_graphql import application


def test_no_query_is_too_strange(predictor: Predictor) -> None:
    schema = schemathesis.graphql.from_asgi("/graphql", application(predictor))
    statuses: set[int] = set()
    codes: set[str] = set()

    @settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=schema.as_strategy())
    def query(case: schemathesis.Case[Any]) -> None:
        response = case.call()
        statuses.add(response.status_code)
        codes.update(error["extensions"]["code"] for error in response.json().get("errors", []))

    query()
    assert 200 in statuses <= {200, 400, 413}
    assert codes <= {"INVALID_FEATURE", "INVALID_QUERY"}
