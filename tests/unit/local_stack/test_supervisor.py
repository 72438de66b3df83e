import os
import subprocess
import sys
from configparser import RawConfigParser
from pathlib import Path
from subprocess import CompletedProcess

import psutil
import pytest

from local_stack.config import Config
from local_stack.services import services
from local_stack.supervisor import Supervisor


def test_every_service_has_time_to_answer_what_it_has_in_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = Config.read({"LOCAL_STATE_DIR": str(tmp_path)})
    monkeypatch.setattr("subprocess.run", lambda command, **_: CompletedProcess(command, 0, "", ""))
    monkeypatch.setattr(Supervisor, "is_running", lambda _: True)
    Supervisor(config).start(services(config))
    programs = RawConfigParser()
    programs.read(tmp_path / "supervisord.conf")
    seconds = {name: programs[name]["stopwaitsecs"] for name in programs if name.startswith("program:")}
    assert {"program:fastapi", "program:grpc", "program:streamlit"} <= set(seconds)
    assert set(seconds.values()) == {"15"}


def test_a_number_from_before_the_machine_started_names_no_process_of_the_stack(tmp_path: Path) -> None:
    supervisor = Supervisor(Config.read({"LOCAL_STATE_DIR": str(tmp_path)}))
    note = tmp_path / "supervisord.pid"
    waiting = [sys.executable, "-c", "input()"]
    with subprocess.Popen(waiting, stdin=subprocess.PIPE, start_new_session=True) as process:
        note.write_text(str(process.pid))
        assert supervisor.processes() == {psutil.Process(process.pid)}
        earlier = psutil.boot_time() - 60
        os.utime(note, (earlier, earlier))
        assert supervisor.processes() == set()
        process.communicate(b"\n")
