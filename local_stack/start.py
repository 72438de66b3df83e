"""Start the stack, in parallel as far as the services do not wait for each other."""

import errno
import hashlib
import shutil
import socket
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from local_stack.config import ROOT, Config, StackError
from local_stack.services import Service, services
from local_stack.supervisor import FAILED_STATES, Supervisor

PATIENCE_SECONDS = 180
LOG_LINES = 15
ADDRESSES = ("127.0.0.1", "0.0.0.0")  # noqa: S104 - the user's own choice
"""Values of BIND_ADDRESS with which a service also listens on 127.0.0.1, where the others and the probes connect."""
FREE_BYTES = 1_000_000_000
"""Free space that a start needs; state and logs of a first run take a third of it."""


def bring_up(config: Config, supervisor: Supervisor) -> None:
    """Start every service that does not run and wait until all answer; raise `StackError`."""
    _check_addresses(config)
    wanted = services(config)
    _check_disk(config.state)
    if supervisor.is_running() and config.read_note("configuration") != config.fingerprint:
        print("  The configuration has changed: restarting", flush=True)
        supervisor.stop()
    if not supervisor.is_running():
        # The services of a process manager that was killed go on, and keep their ports.
        supervisor.stop()
        _check_ports(config, wanted)
        config.write_note("configuration", config.fingerprint)
        supervisor.start(wanted)
    ready: dict[str, Future[None]] = {}
    with ThreadPoolExecutor(len(wanted)) as threads:
        for service in wanted:
            waits_for = [ready[name] for name in service.after]
            ready[service.name] = threads.submit(_bring_up, service, waits_for, config, supervisor)
        for started in ready.values():
            started.result()


def _bring_up(service: Service, waits_for: list[Future[None]], config: Config, supervisor: Supervisor) -> None:
    for other in waits_for:
        other.result()
    began = time.monotonic()
    if service.probe is None:
        _run_once(service, config)
    else:
        supervisor.start_service(service.name)
        _wait(service, config, supervisor)
    print(f"  {service.name:<22} {time.monotonic() - began:5.1f} s", flush=True)


def _run_once(service: Service, config: Config) -> None:
    """Run a one-shot unless the same command succeeded on this state with the same variables and uv.lock."""
    done = f"{service.name}.done"
    read = [config.environment[name] for name in service.reads]
    recipe = hashlib.sha256(f"{service.command}{read}".encode() + (ROOT / "uv.lock").read_bytes()).hexdigest()
    if config.read_note(done) == recipe:
        return
    log = config.logs / f"{service.name}.log"
    with log.open("w") as file:
        ended = subprocess.run(
            service.command, cwd=ROOT, env=config.environment, stdout=file, stderr=subprocess.STDOUT, check=False
        )
    if ended.returncode:
        raise failure(service.name, f"ended with status {ended.returncode}", config)
    config.write_note(done, recipe)


def _wait(service: Service, config: Config, supervisor: Supervisor) -> None:
    command = (sys.executable, "-m", "operations.probe", *(service.probe or ()))
    with subprocess.Popen(
        (*command, "--patience", str(PATIENCE_SECONDS)),
        cwd=ROOT, env=config.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as probe:  # fmt: skip
        while probe.poll() is None:
            state = supervisor.states().get(service.name, "UNKNOWN")
            if state in FAILED_STATES:
                probe.kill()
                raise failure(service.name, f"does not stay up ({state})", config)
            time.sleep(0.2)
        output = probe.stdout.read() if probe.stdout else ""
    if probe.returncode:
        raise failure(service.name, f"did not answer within {PATIENCE_SECONDS} s: {output.strip()}", config)


def failure(name: str, problem: str, config: Config) -> StackError:
    """Return an error with the last lines of the service's log."""
    log = config.logs / f"{name}.log"
    lines = log.read_text(errors="replace").splitlines()[-LOG_LINES:] if log.exists() else []
    quoted = "\n".join(f"    {line}" for line in lines)
    return StackError(
        f"{name} {problem}. The end of {log}:\n{quoted}\n"
        f"Mend the cause and run `make run` again; `make reset` starts afresh (it deletes {config.state})."
    )


def _check_addresses(config: Config) -> None:
    bind = config.bind
    if bind not in ADDRESSES:
        raise StackError(
            f"BIND_ADDRESS is '{bind}', but without Docker it must be {' or '.join(ADDRESSES)}, since the services "
            "find each other at 127.0.0.1: set it to one of them; `make up`, with Docker, takes any."
        )
    command = (sys.executable, "-m", "operations.preflight", "--addresses")
    public = subprocess.run(command, cwd=ROOT, env=config.environment, capture_output=True, text=True, check=False)
    if public.returncode:
        raise StackError(public.stderr.strip())


def _check_disk(state: Path) -> None:
    free = shutil.disk_usage(state).free
    if free < FREE_BYTES:
        raise StackError(
            f"{state} has {free / 1e6:,.0f} MB free and the stack needs {FREE_BYTES / 1e6:,.0f} MB: "
            "free some space, or set LOCAL_STATE_DIR to a folder on another disk."
        )


def _check_ports(config: Config, wanted: list[Service]) -> None:
    taken = [
        f"Port {port} for {service.name} is taken by another program: stop it, or set {variable} to a free port."
        for service in wanted
        for variable, port in service.ports
        if not _is_free(config.bind, variable, port)
    ]
    if taken:
        raise StackError("\n".join(taken))


def _is_free(address: str, variable: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise StackError(
                f"Cannot listen on {address}:{port}: {error.strerror}. Set {variable} to another port; "
                "those below 1024 are often the administrator's."
            ) from error
    return True
