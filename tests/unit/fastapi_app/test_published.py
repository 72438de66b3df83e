from pathlib import Path

import pytest

from fastapi_app import published
from fastapi_app.published import descriptions, main
from local_stack.config import ROOT


@pytest.mark.parametrize("name", ["openapi.json", "schema.graphql"])
def test_the_committed_descriptions_are_the_codes(name: str) -> None:
    path = ROOT / name
    assert path.read_text() == descriptions()[path], "run make published"


def test_descriptions_are_written_and_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published, "ROOT", tmp_path)
    with pytest.raises(SystemExit, match=r"openapi\.json, schema\.graphql\. Run"):
        main(["--check"])
    assert not list(tmp_path.iterdir())
    main([])
    main(["--check"])
    assert {path.name for path in tmp_path.iterdir()} == {"openapi.json", "schema.graphql"}
