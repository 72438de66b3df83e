from configparser import RawConfigParser
from pathlib import Path
from subprocess import CompletedProcess

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
