"""A client for each protocol, for the dashboard, `make run` and the tests.

`python -m song_preference.clients` sends one song to all protocols, waits for the first champion if needed, and fails
if their predictions differ. With `--commands` it also prints a command for each.
"""

import argparse
import logging
import time
from typing import Any

import grpc
import httpx

from song_preference.commands import shell_commands
from song_preference.errors import FieldProblem, InvalidSong, ServiceUnavailable, SongPreferenceError
from song_preference.features import EXAMPLE, Song
from song_preference.prediction import ModelRef, Prediction, PredictionClient
from song_preference.settings import ClientSettings, load
from song_preference.tls import Tls, channel, client_tls, file_paths, verification
from song_preference.v1 import prediction_pb2, prediction_pb2_grpc

TIMEOUT_SECONDS = 5

QUERY = """query ($song: SongInput!) {
  predict(song: $song) {
    label liked probability threshold stale model { name version alias dataset_version: datasetVersion }
  }
}"""


class RestClient:
    """`POST /predict`."""

    def __init__(self, url: str, tls: Tls | None = None) -> None:
        self._http = httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS, verify=verification(tls))

    def predict(self, song: Song) -> Prediction:
        """Return the service's prediction; raise `ServiceUnavailable` and `InvalidSong`."""
        return _prediction(_post(self._http, "/predict", song.model_dump()))


class GraphQLClient(RestClient):
    """The query `predict` at `/graphql`."""

    def predict(self, song: Song) -> Prediction:
        """Return the service's prediction; raise `ServiceUnavailable` and `InvalidSong`."""
        body = _post(self._http, "/graphql", {"query": QUERY, "variables": {"song": song.model_dump()}})
        for error in body.get("errors", []):
            if error.get("extensions", {}).get("code") == "INVALID_FEATURE":
                raise InvalidSong([FieldProblem("song", error["message"])])
            raise ServiceUnavailable(error["message"])
        return _prediction(body["data"]["predict"])


class GrpcClient:
    """`song_preference.v1.PredictionService/Predict`."""

    def __init__(self, address: str, tls: Tls | None = None) -> None:
        self._stub = prediction_pb2_grpc.PredictionServiceStub(channel(address, tls))

    def predict(self, song: Song) -> Prediction:
        """Return the service's prediction; raise `ServiceUnavailable` and `InvalidSong`."""
        request = prediction_pb2.PredictRequest(song=prediction_pb2.Song(**song.model_dump()))
        try:
            answer = self._stub.Predict(request, timeout=TIMEOUT_SECONDS)
        except grpc.RpcError as error:
            detail = getattr(error, "details", lambda: None)() or "no answer"
            if getattr(error, "code", lambda: None)() is grpc.StatusCode.INVALID_ARGUMENT:
                raise InvalidSong([FieldProblem("song", detail)]) from error
            raise ServiceUnavailable(f"gRPC: {detail}") from error
        model = answer.model
        ref = ModelRef(model.name, model.version, model.alias, dataset_version=model.dataset_version or None)
        return Prediction(answer.label, answer.liked, answer.probability, answer.threshold, ref, answer.stale)


def _post(http: httpx.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    try:
        response = http.post(path, json=body)
        answer: dict[str, Any] = response.json()
    except (httpx.HTTPError, ValueError) as error:
        raise ServiceUnavailable(
            f"{http.base_url}{path.lstrip('/')} does not answer: check that the service runs."
        ) from error
    if response.status_code == httpx.codes.UNPROCESSABLE_ENTITY:
        raise InvalidSong([FieldProblem(item["field"], item["problem"]) for item in answer.get("errors", [])])
    if response.is_error:
        raise ServiceUnavailable(str(answer.get("detail", response.reason_phrase)))
    return answer


def _prediction(body: dict[str, Any]) -> Prediction:
    return Prediction(**{**body, "model": ModelRef(**body["model"])})


def clients(settings: ClientSettings) -> dict[str, PredictionClient]:
    """Return a client for each protocol, by its name."""
    tls = client_tls()
    return {
        "REST": RestClient(settings.rest_url, tls),
        "GraphQL": GraphQLClient(settings.rest_url, tls),
        "gRPC": GrpcClient(settings.grpc_address, tls),
    }


def ask_all(
    protocols: dict[str, PredictionClient], song: Song, patience_seconds: float, version: str | None = None
) -> dict[str, Prediction]:
    """Return every protocol's prediction, once all are equal, and of the model's version if one is named.

    Services load a new champion at different times; raise `SongPreferenceError` with the last error if they do not
    agree within `patience_seconds`.
    """
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            answers = {name: client.predict(song) for name, client in protocols.items()}
            first, *others = answers.values()
            if version not in {None, first.model.version}:
                last_error = SongPreferenceError(f"Version {version} does not answer yet: {answers}")
            elif any(other != first for other in others):
                last_error = SongPreferenceError(f"The protocols answer differently: {answers}")
            else:
                return answers
        except ServiceUnavailable as error:
            last_error = error
        if time.monotonic() > deadline:
            raise last_error
        time.sleep(0.5)


def main() -> None:
    """Predict the example song over every protocol and print the predictions."""
    parser = argparse.ArgumentParser(prog="song_preference.clients", description=__doc__)
    parser.add_argument("--patience", type=float, default=0, metavar="SECONDS")
    parser.add_argument("--version", help="version of the model that has to answer")
    parser.add_argument("--commands", action="store_true", help="print a command to copy for each protocol")
    asked, settings = parser.parse_args(), load(ClientSettings)
    logging.getLogger("grpc").setLevel(logging.ERROR)
    try:
        answers = ask_all(clients(settings), EXAMPLE, asked.patience, asked.version)
    except SongPreferenceError as error:
        raise SystemExit(str(error)) from None
    for name, answer in answers.items():
        print(
            f"  {name:<8} {answer.label}, probability {answer.probability:.4f} "
            f"({answer.model.name} version {answer.model.version})"
        )
    if asked.commands:
        print(
            "", *shell_commands(EXAMPLE, settings.rest_url, settings.grpc_address, file_paths()).values(), "", sep="\n"
        )


if __name__ == "__main__":
    main()
