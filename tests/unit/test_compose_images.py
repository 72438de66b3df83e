"""Which images of others Compose takes."""

import re

from local_stack.config import ROOT


def images_of_others() -> list[str]:
    compose = (ROOT / "docker-compose.yaml").read_text()
    return [
        image for image in re.findall(r"^ +image: (\S+)$", compose, re.MULTILINE) if "COMPOSE_PROJECT_NAME" not in image
    ]


def test_the_images_of_others_are_pinned() -> None:
    assert len(images_of_others()) == 3
    assert all(re.search(r":(\d|RELEASE\.)", image) for image in images_of_others())


def test_the_object_store_is_a_release_of_silo_that_the_environment_can_replace() -> None:
    (store,) = re.findall(r"\$\{MINIO_IMAGE:-(pgsty/silo:RELEASE\.[\dTZ-]+)\}", " ".join(images_of_others()))
    assert f"# MINIO_IMAGE={store}\n" in (ROOT / ".env").read_text()
