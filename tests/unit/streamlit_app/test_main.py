import gc
import sys

import pytest
from streamlit.web import cli

from streamlit_app.__main__ import main


@pytest.mark.parametrize(("max_dataset_bytes", "megabytes"), [(300 * 2**20, "300"), (1, "2")])
def test_streamlit_takes_the_largest_file_that_a_page_takes_and_collects_no_modules(
    environment: pytest.MonkeyPatch, max_dataset_bytes: int, megabytes: str
) -> None:
    environment.setenv("MAX_DATASET_BYTES", str(max_dataset_bytes))
    environment.setenv("MAX_LIST_BYTES", str(2**20 + 1))
    environment.setattr(sys, "argv", ["streamlit_app"])
    started: list[tuple[list[str], int]] = []
    environment.setattr(cli, "main", lambda arguments: started.append((arguments, gc.get_freeze_count())))
    with pytest.raises(SystemExit):
        main()
    gc.unfreeze()
    ((arguments, exempt),) = started
    assert exempt > 100_000
    assert arguments[arguments.index("--server.maxUploadSize") + 1] == megabytes
