"""Check whether a service answers: `python -m operations.probe URL [--expect scheduler.status=healthy]`.

The images and the stack without Docker use it as health check, every few seconds, so it needs only the standard
library. `grpc://host:port` calls gRPC's own health service, and `grpcs://host:port` does so with TLS. `TLS_CA_FILE`
and `TLS_CLIENT_CERT_FILE` are used as by every client.
"""

import argparse
import http.client
import json
import sys
import time
import urllib.error
import urllib.request
from typing import Any

from song_preference.tls import Tls, channel, client_tls

REQUEST_SECONDS = 5
PAUSE_SECONDS = 0.25


def problem(url: str, expected: str | None = None) -> str | None:
    """Return what is wrong with the service, or None if it answers as expected."""
    tls = client_tls()
    scheme, _, address = url.partition("://")
    if scheme in {"grpc", "grpcs"}:
        return _grpc_problem(address, tls if scheme == "grpcs" else None)
    try:
        context = tls and tls.context
        with urllib.request.urlopen(url, timeout=REQUEST_SECONDS, context=context) as response:  # nosec B310  # noqa: S310 - operator's own URL
            body = response.read()
    except urllib.error.HTTPError as error:
        return f"{url} answers {error.code} {error.reason}"
    except (OSError, http.client.HTTPException) as error:
        return f"{url} does not answer ({error})"
    return _unmet(body, expected) if expected else None


def _unmet(body: bytes, expectation: str) -> str | None:
    path, _, wanted = expectation.partition("=")
    try:
        value: Any = json.loads(body)
        for key in path.split("."):
            value = value[key]
    except (ValueError, KeyError, TypeError):
        return f"{path} is missing"
    return None if str(value) == wanted else f"{path} is {value}, not {wanted}"


def _grpc_problem(address: str, tls: Tls | None) -> str | None:
    import grpc
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    with channel(address, tls) as opened:
        try:
            answer = health_pb2_grpc.HealthStub(opened).Check(health_pb2.HealthCheckRequest(), timeout=REQUEST_SECONDS)
        except grpc.RpcError as error:
            return f"{address} does not answer ({error})"
    serving = health_pb2.HealthCheckResponse.SERVING
    return None if answer.status == serving else f"{address} is not serving"


def main() -> None:
    """Probe until it succeeds or the patience ends; exit with status 0 or 1."""
    parser = argparse.ArgumentParser(prog="operations.probe", description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--expect", metavar="PATH=VALUE")
    parser.add_argument("--patience", type=float, default=0, metavar="SECONDS")
    options = parser.parse_args()
    deadline = time.monotonic() + options.patience
    while wrong := problem(options.url, options.expect):
        if time.monotonic() > deadline:
            sys.exit(wrong)
        time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    main()
