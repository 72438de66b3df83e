"""The wheel has every file of the packages, those that are no Python too."""

import tomllib
from pathlib import Path
from zipfile import ZipFile

from hatchling.builders.wheel import WheelBuilder

from fastapi_app.graphql.router import ASSETS, GRAPHIQL
from local_stack.config import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]


def test_the_wheel_has_every_file_of_the_packages(tmp_path: Path) -> None:
    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with ZipFile(wheel) as packed:
        content = {name: packed.read(name) for name in packed.namelist() if ".dist-info/" not in name}
    files = (path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.is_file())
    assert content == {
        str(path.relative_to(ROOT)): path.read_bytes() for path in files if path.parent.name != "__pycache__"
    }
    folder = GRAPHIQL.relative_to(ROOT)
    assert {str(folder / name) for name in (*ASSETS, "index.html", "NOTICE")} <= content.keys()
    assert "streamlit_app/predict/texts.toml" in content
