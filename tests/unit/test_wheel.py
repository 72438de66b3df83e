"""The wheel has every file of the packages, those that are no Python too."""

from pathlib import Path
from zipfile import ZipFile

from hatchling.builders.wheel import WheelBuilder

from fastapi_app.graphql.router import ASSETS, GRAPHIQL
from local_stack.config import ROOT


def test_the_wheel_has_the_files_that_graphiql_names_with_their_licences(tmp_path: Path) -> None:
    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with ZipFile(wheel) as packed:
        content = {
            name: packed.read(name) for name in packed.namelist() if name.startswith("fastapi_app/graphql/static/")
        }
    assert content == {str(path.relative_to(ROOT)): path.read_bytes() for path in GRAPHIQL.iterdir()}
    assert {*ASSETS, "index.html", "NOTICE"} <= {Path(name).name for name in content}
