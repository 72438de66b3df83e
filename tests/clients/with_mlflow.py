"""MLflow's own client of scoring servers, and requests: each form of `/invocations`, and what is rejected."""

import json
from typing import Any
from urllib.parse import urlsplit

import pandas as pd
import requests
from mlflow.deployments import PredictionsResponse
from mlflow.pyfunc.scoring_server.client import ScoringServerClient
from songs import CA_FILE, FEATURES, HAS_TLS, REST_URL, SONGS, answered, report

TABLE = pd.DataFrame(SONGS)
COLUMNS = {name: TABLE[name].tolist() for name in FEATURES}
BODIES: dict[str, Any] = {
    "dataframe_split": TABLE.to_dict(orient="split", index=False),
    "dataframe_records": SONGS,
    "instances": SONGS,
    "inputs": COLUMNS,
}


def noted(way: str, response: PredictionsResponse) -> None:
    """Note the answer as MLflow reads it."""
    found = response.get_predictions()
    answered(f"{way} to /invocations", found["label"], found["probability"])


def post(content: str, kind: str) -> requests.Response:
    """Send a body of a content type."""
    url, headers = f"{REST_URL}/invocations", {"Content-Type": kind}
    return requests.post(url, data=content, headers=headers, verify=CA_FILE or True, timeout=60)


if not HAS_TLS:  # which MLflow's own client does not speak
    address = urlsplit(REST_URL)
    client = ScoringServerClient(address.hostname, address.port)
    client.wait_server_ready()
    assert client.get_version()
    noted("MLflow's client", client.invoke(TABLE))
for name, body in BODIES.items():
    noted(f"requests, {name}", PredictionsResponse.from_json(post(json.dumps({name: body}), "application/json").text))
noted("requests, CSV", PredictionsResponse.from_json(post(TABLE.to_csv(index=False), "text/csv").text))

for rejected in ({}, {"dataframe_records": [{**SONGS[0], "energy": 2}]}, {"instances": [[0.5] * 3]}):
    answer = post(json.dumps(rejected), "application/json")
    assert answer.status_code == requests.codes.bad_request, (rejected, answer.text)
    assert answer.json()["message"]
report()
