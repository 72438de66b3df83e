from pathlib import Path

from local_stack.config import Config
from local_stack.services import services

WEED_KEYS = ("WEED_ADMIN_PASSWORD", "WEED_JWT_SIGNING_KEY", "WEED_JWT_SIGNING_READ_KEY")


def test_s3_is_for_this_machine_alone_whatever_the_others_listen_on() -> None:
    everywhere = Config.read({"BIND_ADDRESS": "0.0.0.0"})  # noqa: S104 - what is tested
    commands = {service.name: service.command for service in services(everywhere)}
    assert "-ip.bind=127.0.0.1" in commands["s3"]
    assert everywhere.bind in commands["fastapi"]
    assert everywhere.bind not in " ".join(commands["s3"])


SECRETS = ("MINIO_SECRET_ACCESS_KEY", "_AIRFLOW_WWW_USER_PASSWORD", "API_KEY", *WEED_KEYS)


def test_no_command_holds_a_secret(tmp_path: Path) -> None:
    passwords = {"MINIO_SECRET_ACCESS_KEY": "hidden-s3", "_AIRFLOW_WWW_USER_PASSWORD": "hidden-airflow"}
    config = Config.read({"LOCAL_STATE_DIR": str(tmp_path), **passwords}).with_secrets()
    commands = " ".join(" ".join(service.command) for service in services(config))
    assert [name for name in SECRETS if config.environment[name] in commands] == []


def test_a_change_of_what_a_one_shot_makes_runs_it_again() -> None:
    read = {service.name: set(service.reads) for service in services(Config.read({})) if service.reads}
    assert read == {
        "buckets": {"DATA_REPO_BUCKET_NAME", "MLFLOW_BUCKET_NAME"},
        "airflow-user": {"_AIRFLOW_WWW_USER_USERNAME", "_AIRFLOW_WWW_USER_PASSWORD"},
    }
