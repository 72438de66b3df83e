from local_stack.config import Config
from local_stack.services import services


def test_s3_is_for_this_machine_alone_whatever_the_others_listen_on() -> None:
    everywhere = Config.read({"BIND_ADDRESS": "0.0.0.0"})  # noqa: S104 - what is tested
    commands = {service.name: service.command for service in services(everywhere)}
    assert "-ip.bind=127.0.0.1" in commands["s3"]
    assert everywhere.bind in commands["fastapi"]
    assert everywhere.bind not in " ".join(commands["s3"])
