import errno
import shutil
import socket
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from local_stack import start
from local_stack.config import Config, StackError
from local_stack.services import Service, services
from local_stack.supervisor import Supervisor
from tests.support.stack import local_environment, local_stack


@pytest.fixture
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    return Config.read(local_environment(tmp_path_factory.mktemp("s")))


@pytest.fixture
def supervisor(config: Config) -> Iterator[Supervisor]:
    supervisor = Supervisor(config)
    yield supervisor
    supervisor.stop()
    assert supervisor.processes() == set()


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def web(config: Config) -> Service:
    """A server on the port of FastAPI."""
    port = config.port("FASTAPI_PORT")
    command = (sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(config.state))
    return Service("web", command, probe=(f"http://127.0.0.1:{port}",), ports=(("FASTAPI_PORT", port),))


def test_a_taken_port_is_named_with_the_variable_that_moves_it(config: Config) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", config.port("FASTAPI_PORT")))
        taken.listen()
        run = local_stack("run", config)
    assert run.returncode == 2
    port = config.environment["FASTAPI_PORT"]
    assert f"Port {port} for fastapi is taken by another program: stop it, or set FASTAPI_PORT" in run.stdout
    assert "Traceback" not in run.stdout
    assert not Supervisor(config).is_running()


@pytest.mark.parametrize(
    ("variable", "value", "highest"),
    [
        ("FASTAPI_PORT", "web", 65535),
        ("AIRFLOW_PORT", "", 65535),
        ("MLFLOW_PORT", "0", 65535),
        ("GRPC_METRICS_PORT", "65536", 65535),
        ("STREAMLIT_PORT", "8_504", 65535),
        ("MINIO_PORT", "54530", 54529),
        ("MINIO_PORT_UI", "55536", 55535),
    ],
)
def test_a_port_out_of_range_is_named_with_its_rule(variable: str, value: str, highest: int, config: Config) -> None:
    wrong = Config.read({**config.environment, variable: value})
    for verb in ("run", "status"):
        ended = local_stack(verb, wrong)
        assert ended.returncode == 2
        assert f"{variable} is '{value}', but must be a number from 1 to {highest}" in ended.stdout
        assert "Traceback" not in ended.stdout
    assert local_stack("stop", wrong).returncode == 0


def test_the_highest_ports_are_taken(config: Config) -> None:
    highest = Config.read({**config.environment, "MINIO_PORT": "54529", "MINIO_PORT_UI": "55535"})
    assert max(port for service in services(highest.with_secrets()) for _, port in service.ports) == 65535


def test_a_port_that_only_the_administrator_may_open_is_named_with_its_variable(
    config: Config, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reject(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", reject)
    with pytest.raises(StackError, match=r"Permission denied\. Set \w+_PORT to another port"):
        start.bring_up(config.with_secrets(), supervisor)


@pytest.mark.parametrize("address", ["127.0.0.2", "192.0.2.7", "::", "localhost", ""])
def test_an_address_that_the_services_would_not_find_is_rejected_at_once(address: str, config: Config) -> None:
    run = local_stack("run", Config.read({**config.environment, "BIND_ADDRESS": address}))
    assert run.returncode == 2
    assert f"BIND_ADDRESS is '{address}', but without Docker it must be 127.0.0.1 or 0.0.0.0" in run.stdout
    assert not Supervisor(config).is_running()


def test_a_public_address_that_no_link_can_have_is_rejected_at_once(config: Config) -> None:
    run = local_stack("run", Config.read({**config.environment, "PUBLIC_HOST": "http://music.example"}))
    assert run.returncode == 2
    assert "PUBLIC_HOST is 'http://music.example', but must be a host name" in run.stdout
    assert "Traceback" not in run.stdout
    assert not Supervisor(config).is_running()


def test_a_full_disk_is_named_with_the_remedy(
    config: Config, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=5_000_000))
    with pytest.raises(StackError, match="5 MB free and the stack needs 1,000 MB: free some space"):
        start.bring_up(config, supervisor)


@pytest.mark.parametrize(
    "broken",
    [
        Service("broken", python("print('the reason'); raise SystemExit(3)"), probe=("http://127.0.0.1:9",)),
        Service("broken", python("print('the reason'); raise SystemExit(3)")),
    ],
    ids=["service", "one-shot"],
)
def test_a_part_that_fails_is_named_with_its_last_words(
    broken: Service, config: Config, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "services", lambda _: [broken])
    with pytest.raises(StackError) as ended:
        start.bring_up(config, supervisor)
    assert str(ended.value).startswith("broken ")
    assert "the reason" in str(ended.value)
    assert "`make run` again" in str(ended.value)


def test_a_service_is_probed_past_a_proxy(
    config: Config, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    (url,) = web(config).probe or ()
    asking = Service("asking", python(f"import httpx; httpx.get({url!r}).raise_for_status()"), after=("web",))
    monkeypatch.setattr(start, "services", lambda _: [web(config), asking])
    monkeypatch.setattr(start, "PATIENCE_SECONDS", 10)
    nobody = "http://127.0.0.1:9"
    behind = Config.read({**config.environment, "HTTP_PROXY": nobody, "http_proxy": nobody})
    start.bring_up(behind, supervisor)


def test_what_succeeded_once_runs_again_when_a_variable_that_it_reads_changed_and_only_then(
    config: Config, supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = tmp_path / "ran"
    code = f"import os; open({str(ran)!r}, 'a').write(os.environ['DATA_REPO_BUCKET_NAME'] + ' ')"
    once = Service("once", python(code), reads=("DATA_REPO_BUCKET_NAME",))
    monkeypatch.setattr(start, "services", lambda _: [once])
    for bucket, model in (("a", "m"), ("a", "n"), ("b", "n"), ("b", "n"), ("a", "n")):
        changed = {**config.environment, "DATA_REPO_BUCKET_NAME": bucket, "MODEL_NAME": model}
        start.bring_up(Config.read(changed), supervisor)
    assert ran.read_text() == "a b a "


def test_a_service_is_restarted_when_the_configuration_changed_and_only_then(
    config: Config, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "services", lambda _: [web(config)])
    start.bring_up(config, supervisor)
    before = supervisor.processes()
    start.bring_up(config, supervisor)
    assert supervisor.processes() == before
    start.bring_up(replace(config, fingerprint="another"), supervisor)
    assert not supervisor.processes() & before


def test_a_service_that_dies_comes_back(
    config: Config, supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, started = config.environment["FASTAPI_PORT"], tmp_path / "started"
    code = (
        f"import http.server; open({str(started)!r}, 'a').write('x');"
        f"http.server.test(http.server.SimpleHTTPRequestHandler, port={port}, bind='127.0.0.1')"
    )
    web = Service("web", python(code), probe=(f"http://127.0.0.1:{port}",))
    monkeypatch.setattr(start, "services", lambda _: [web])
    start.bring_up(config, supervisor)
    (died,) = (process for process in supervisor.processes() if "http.server" in " ".join(process.cmdline()))
    died.kill()
    died.wait()
    start.bring_up(config, supervisor)
    assert started.read_text() == "xx"


def test_a_process_manager_that_was_killed_is_started_again_with_its_services(
    config: Config, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "services", lambda _: [web(config)])
    start.bring_up(config, supervisor)
    before = supervisor.processes()
    (manager,) = (process for process in before if "supervisord" in " ".join(process.cmdline()))
    manager.kill()
    manager.wait()
    start.bring_up(config, supervisor)
    assert supervisor.is_running()
    assert not supervisor.processes() & before


def test_each_service_comes_after_those_it_waits_for(config: Config) -> None:
    seen: set[str] = set()
    for service in services(config.with_secrets()):
        assert set(service.after) <= seen
        seen.add(service.name)


def test_without_a_stack_status_says_stopped_and_logs_say_how_to_start(config: Config) -> None:
    status = local_stack("status", config)
    assert (status.returncode, status.stdout.count("STOPPED")) == (2, 9)
    logs = local_stack("logs", config)
    assert (logs.returncode, "`make run` starts" in logs.stdout) == (2, True)
    assert local_stack("stop", config).returncode == 0


def test_reset_deletes_the_state(config: Config) -> None:
    (config.state / "airflow.key").write_bytes(b"x")
    assert local_stack("reset", config).returncode == 0
    assert not config.state.exists()
