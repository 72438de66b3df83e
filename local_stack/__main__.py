"""Run one of the Makefile's verbs: `python -m local_stack run|stop|status|logs|reset|exec`."""

import argparse
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from local_stack.config import ROOT, Config, StackError
from local_stack.services import services
from local_stack.start import bring_up
from local_stack.supervisor import Supervisor

CHAMPION_PATIENCE_SECONDS = 60
MLFLOW_SECONDS = 60


def run(config: Config, new_listener: str | None = None) -> None:
    """Start the platform, train the first champion, show that every protocol answers.

    `new_listener`, `yes` or `no`, says whether another source is another listener's.
    """
    began = time.monotonic()
    config = config.with_secrets()
    print("Starting the services", flush=True)
    bring_up(config, Supervisor(config))
    _ensure_champion(config, new_listener)
    print("Asking every protocol for one song", flush=True)
    version = ("--version", champion["version"]) if (champion := _champion(config)) else ()
    _command(config, "song_preference.clients", "--commands", "--patience", str(CHAMPION_PATIENCE_SECONDS), *version)
    print(f"Ready after {time.monotonic() - began:.0f} s.\n{_addresses(config)}", flush=True)


def stop(config: Config) -> None:
    """Stop everything and keep the state."""
    killed = Supervisor(config).stop()
    print("Stopped." if not killed else f"Stopped; {killed} processes had to be ended one by one.")


def status(config: Config) -> None:
    """Show each service's state; the exit status is 1 unless all run."""
    states = Supervisor(config).states()
    expected = [service.name for service in services(config) if service.probe]
    for name in expected:
        print(f"{name:<22} {states.get(name, 'STOPPED')}")
    if any(states.get(name) != "RUNNING" for name in expected):
        sys.exit(1)


def logs(config: Config) -> None:
    """Follow the logs of all services."""
    files = sorted(str(path) for path in config.logs.glob("*.log"))
    if not files:
        raise StackError("There are no logs yet: `make run` starts the services.")
    os.execvp("tail", ["tail", "-n", "20", "-F", *files])  # noqa: S606, S607 - the user's own tail


def reset(config: Config) -> None:
    """Stop everything and delete its state."""
    config.check_state()
    stop(config)
    shutil.rmtree(config.state, ignore_errors=True)
    print(f"{config.state} is deleted.")


def execute(config: Config, program: str, arguments: list[str]) -> None:
    """Replace this process by a command that finds the platform; both stacks have the same addresses on the host."""
    try:
        os.execvpe(program, [program, *arguments], config.environment)  # noqa: S606 - the user's own command
    except OSError as error:
        raise StackError(f"'{program}' cannot be run: {error.strerror}.") from error


def _ensure_champion(config: Config, new_listener: str | None) -> None:
    """Run the pipeline without a champion, for a source or file that has changed, and where `new_listener` is given."""
    source = config.environment["DATASET_SOURCE"]
    # A source may hold a password: neither state nor terminal shows it.
    digest, of_source = _digest(f"{source}{_file_state(source)}"), _digest(source)
    champion = _champion(config)
    if champion and not new_listener and config.read_note("learned-from") in {digest, None}:
        print("A champion is registered: the pipeline need not run.", flush=True)
        return
    shown = re.sub("(?<=://).*[@?#].*", "...", source)
    # A real playlist replaces the sample, and the sample no playlist, whoever's it is.
    if champion and "sample" not in {champion.get("source_kind"), source} and config.read_note("source") != of_source:
        new_listener = new_listener or _ask_whose(shown)
    print(f"Running the pipeline on {shown}", flush=True)
    _command(config, "song_preference.pipeline", *(["--new-listener", new_listener] if new_listener else []))
    config.write_note("learned-from", digest)
    config.write_note("source", of_source)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _ask_whose(source: str) -> str:
    """Ask whether a source is another listener's and return `yes` or `no`; raise `StackError` without a terminal."""
    if not sys.stdin.isatty():
        same = "" if source.endswith("...") else f"DATASET_SOURCE={shlex.quote(source)} "
        raise StackError(
            "The services run, but DATASET_SOURCE is another one than before. If it is another listener's, whose model "
            f"may replace the one in use:\n  {same}make run NEW_LISTENER=yes\nIf it is the same listener's:\n  "
            f"{same}make run NEW_LISTENER=no"
        )
    answer = ""
    while answer not in {"yes", "no"}:
        answer = input(f"Is {source} another listener's, whose model may replace the one in use? (yes/no) ")
    return answer


def _file_state(source: str) -> str:
    """Return size and time of a file; empty for another source, whose changes show only when it is read."""
    path = Path(source)  # `Config` has made that of a file absolute
    if not (path.is_absolute() and path.exists()):
        return ""
    found = path.stat()
    return f" {found.st_size} {found.st_mtime_ns}"


def _champion(config: Config) -> dict[str, str]:
    """Return the champion's tags in MLflow and its `version`, nothing before the first one; raise `StackError`."""
    env = config.environment
    url = f"{env['MLFLOW_TRACKING_URI']}/api/2.0/mlflow/registered-models/alias"
    asked = {"name": env["MODEL_NAME"], "alias": env["MODEL_ALIAS"]}
    try:
        # No proxy of the environment: the address is this machine's.
        answer = httpx.get(url, params=asked, timeout=MLFLOW_SECONDS, trust_env=False)
    except httpx.HTTPError as error:
        raise StackError(f"MLflow does not answer ({error}): its log is in {config.logs}.") from error
    if answer.is_server_error:
        raise StackError(f"MLflow fails ({answer.status_code} {answer.reason_phrase}): its log is in {config.logs}.")
    if not answer.is_success:
        return {}
    found = answer.json()["model_version"]
    tags = {tag["key"]: tag["value"] for tag in found.get("tags", [])}
    tags |= json.loads(tags.get("training", "{}"))  # version 0.1 had each value as a tag of its own
    return {**tags, "version": str(found["version"])}


def _command(config: Config, module: str, *arguments: str) -> None:
    """Run one of the platform's own commands, which prints its own errors; raise `StackError` if it fails."""
    command = (sys.executable, "-m", module, *arguments)
    if subprocess.run(command, cwd=ROOT, env=config.environment, check=False).returncode:
        raise StackError(
            f"The services run, but {module} failed (see above). Mend the cause and run `make run` again; "
            f"the logs are in {config.logs}, the tasks' own at {config.environment['AIRFLOW_URL']}."
        )


def _addresses(config: Config) -> str:
    env = config.environment
    user, password = env["_AIRFLOW_WWW_USER_USERNAME"], env["_AIRFLOW_WWW_USER_PASSWORD"]
    return f"""
  Dashboard   {env["STREAMLIT_URL"]}
  REST        {env["FASTAPI_URL"]}/docs
  GraphQL     {env["FASTAPI_URL"]}/graphql
  gRPC        {env["GRPC_ADDRESS"]}
  Airflow     {env["AIRFLOW_URL"]}   {user} / {password}
  MLflow      {env["MLFLOW_TRACKING_URI"]}/#/experiments?workflowType=machine_learning
  S3          {env["MLFLOW_S3_ENDPOINT_URL"]}   {env["MINIO_ACCESS_KEY"]} / {env["MINIO_SECRET_ACCESS_KEY"]}
  S3 console  http://127.0.0.1:{env["MINIO_PORT_UI"]}   the same

Stop with `make stop`."""


COMMANDS: dict[str, Callable[..., None]] = {
    "run": run, "stop": stop, "status": status, "logs": logs, "reset": reset, "exec": execute,
}  # fmt: skip


def main() -> None:
    """Run one verb; print an error's message and exit with status 1."""
    parser = argparse.ArgumentParser(prog="local_stack", description=__doc__)
    verbs = parser.add_subparsers(required=True)
    for name, verb in COMMANDS.items():
        verbs.add_parser(name, help=verb.__doc__).set_defaults(verb=verb)
    verbs.choices["run"].add_argument("--new-listener", choices=["yes", "no"])
    verbs.choices["exec"].add_argument("program")
    verbs.choices["exec"].add_argument("arguments", nargs=argparse.REMAINDER)
    options = vars(parser.parse_args())
    try:
        options.pop("verb")(Config.read(), **options)
    except StackError as error:
        sys.exit(f"\n{error}")


if __name__ == "__main__":
    main()
