"""Requests to copy that predict a song: commands with curl and grpcurl, and Python with MLflow."""

import json
import os
from collections.abc import Mapping

from song_preference.features import Song
from song_preference.settings import ModelSettings
from song_preference.tls import curl, options


def graphql_query(song: Song) -> str:
    """Return a query for a song's answer."""
    fields = ", ".join(f"{name}: {value}" for name, value in song.model_dump().items())
    return f"{{ predict(song: {{{fields}}}) {{ label probability }} }}"


def shell_commands(song: Song, rest: str, grpc: str, files: Mapping[str, str]) -> dict[str, str]:
    """Return a command for each protocol, by its name, at these addresses of REST and gRPC, with these files of TLS."""
    # Whoever gives callers of REST https gives those of gRPC TLS.
    grpcurl_options = options("-", files) if rest.startswith("https:") else ["-plaintext"]
    message = json.dumps({"song": song.model_dump()})
    return {
        "REST": _command(curl(f"{rest}/predict", files), song.model_dump()),
        "GraphQL": _command(curl(f"{rest}/graphql", files), {"query": graphql_query(song)}),
        "gRPC": f"{' '.join(['grpcurl', *grpcurl_options])} -d '{message}' \\\n"
        f"  {grpc} song_preference.v1.PredictionService/Predict",
    }


def python(song: Song, mlflow: str, model: ModelSettings, files: Mapping[str, str]) -> str:
    """Return Python that loads the model from MLflow at this address; it asks for the proxy's password."""
    imports, variables = "os, mlflow, pandas as pd", {"MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD": '"false"'}
    if mlflow.startswith("https:") and (authority := files.get("cacert")):
        variables["MLFLOW_TRACKING_SERVER_CERT_PATH"] = json.dumps(authority)
    if os.environ.get("TLS_PROXY"):
        imports = f"getpass, {imports}"
        account = {"USERNAME": 'input("User: ")', "PASSWORD": 'getpass.getpass("Password: ")'}
        variables |= {f"MLFLOW_TRACKING_{name}": value for name, value in account.items()}
    settings = "\n".join(f'os.environ["{name}"] = {value}' for name, value in variables.items())
    return f"""import {imports}

{settings}
mlflow.set_tracking_uri("{mlflow}")
model = mlflow.pyfunc.load_model("models:/{model.name}@{model.alias}")
model.predict(pd.DataFrame([{song.model_dump()}]))"""


def _command(begun: str, body: object) -> str:
    return f"{begun} -H 'Content-Type: application/json' \\\n  -d '{json.dumps(body)}'"
