"""Control supervisord, which keeps every service alive and writes its log file."""

import os
import shlex
import subprocess
import sys
import time
from configparser import RawConfigParser
from contextlib import suppress
from http.client import HTTPException
from typing import Any
from xmlrpc.client import Fault, ServerProxy  # nosec B411  # our own supervisor answers, on a Unix socket

import psutil
from supervisor.xmlrpc import SupervisorTransport

from local_stack.config import ROOT, Config, StackError
from local_stack.services import PYTHON, WEED, Service

LONGEST_SOCKET_PATH = 100
"""Length in bytes: the kernel takes 107, and supervisor appends its process id while it binds."""

START_SECONDS, STOP_SECONDS = 15, 40
PROGRAMS = {os.path.realpath(program) for program in (PYTHON, WEED)}
"""Executables of the services."""

FAILED_STATES = {"FATAL", "EXITED", "UNKNOWN"}


class Supervisor:
    """The supervisord of one state folder."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._socket = config.state / "supervisor.sock"
        if len(os.fsencode(self._socket)) > LONGEST_SOCKET_PATH:
            raise StackError(
                f"The path of {self._socket} is too long for a socket: set LOCAL_STATE_DIR to a shorter one."
            )

    @property
    def _rpc(self) -> Any:
        # A connection serves one thread and does not survive an error: each call gets its own.
        transport = SupervisorTransport(serverurl=f"unix://{self._socket}")
        return ServerProxy("http://localhost", transport=transport).supervisor

    def is_running(self) -> bool:
        """Return whether the process manager answers."""
        try:
            return bool(self._rpc.getState()["statename"] == "RUNNING")
        except (OSError, HTTPException):
            return False

    def start(self, services: list[Service]) -> None:
        """Start the process manager, which starts no service by itself."""
        self._config.logs.mkdir(parents=True, exist_ok=True)
        path = self._config.state / "supervisord.conf"
        with path.open("w") as file:
            self._configuration(services).write(file)
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(path)]
        ended = subprocess.run(
            command, cwd=ROOT, env=self._config.environment, capture_output=True, text=True, check=False
        )
        deadline = time.monotonic() + START_SECONDS
        while not self.is_running():
            if ended.returncode or time.monotonic() > deadline:
                raise StackError(f"supervisord did not start: {ended.stderr.strip() or ended.stdout.strip()}")
            time.sleep(0.1)

    def start_service(self, name: str) -> None:
        """Start one service unless it runs; raise `StackError`."""
        try:
            self._rpc.startProcess(name, False)
        except Fault as fault:
            if "ALREADY_STARTED" not in fault.faultString:
                raise StackError(f"{name} cannot be started: {fault.faultString}") from fault

    def states(self) -> dict[str, str]:
        """Return each service's state, in supervisor's words; empty if the process manager is down."""
        try:
            return {found["name"]: found["statename"] for found in self._rpc.getAllProcessInfo()}
        except (OSError, HTTPException):
            return {}

    def stop(self) -> int:
        """Stop everything; return the number of processes that had to be ended one by one."""
        before = self.processes()
        if self.is_running():
            manager = psutil.Process(self._rpc.getPID())
            # All at once: by itself, it waits for each to end before it stops the next.
            self._rpc.stopAllProcesses(False)
            self._rpc.shutdown()
            psutil.wait_procs([manager], timeout=STOP_SECONDS)
        left = [process for process in {*before, *self.processes()} if process.is_running()]
        for process in left:
            process.terminate()
        for process in psutil.wait_procs(left, timeout=5)[1]:
            process.kill()
        return len(left)

    def processes(self) -> set[psutil.Process]:
        """Return every process of this stack: supervisord's session, orphans included, and its descendants.

        A variable in the environment could not mark them, since Airflow overwrites it with the process's title.
        """
        pid_file = self._config.state / "supervisord.pid"
        # Since a start of the machine, the number may be that of another's process.
        if not pid_file.exists() or pid_file.stat().st_mtime < psutil.boot_time():
            return set()
        session = int(pid_file.read_text())
        members = {process for process in psutil.process_iter() if _is_member(process, session)}
        for process in list(members):
            with suppress(psutil.NoSuchProcess):
                members.update(process.children(recursive=True))
        return members

    def _configuration(self, services: list[Service]) -> RawConfigParser:
        parser = RawConfigParser()
        parser["supervisord"] = {
            "logfile": _quoted(self._config.logs / "supervisord.log"),
            "pidfile": _quoted(self._config.state / "supervisord.pid"),
            "childlogdir": _quoted(self._config.logs),
        }
        parser["unix_http_server"] = {"file": _quoted(self._socket), "chmod": "0600"}
        parser["rpcinterface:supervisor"] = {
            "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
        }
        for service in services:
            if service.probe is None:
                continue
            parser[f"program:{service.name}"] = {
                "command": _quoted(shlex.join(service.command)),
                "autostart": "false",
                "autorestart": "true",
                "startsecs": "2",
                "redirect_stderr": "true",
                "stdout_logfile": _quoted(self._config.logs / f"{service.name}.log"),
                "stdout_logfile_maxbytes": "10MB",
                "stdout_logfile_backups": "2",
                "stopasgroup": "true",
                "killasgroup": "true",
                "stopwaitsecs": "15",
            }
        return parser


def _is_member(process: psutil.Process, session: int) -> bool:
    """Return whether the process is one of ours; its program is compared too, since pids are reused."""
    with suppress(ProcessLookupError, psutil.Error):
        return os.getsid(process.pid) == session and process.exe() in PROGRAMS
    return False


def _quoted(value: object) -> str:
    """Escape what supervisor would expand: %(name)s."""
    return str(value).replace("%", "%%")
