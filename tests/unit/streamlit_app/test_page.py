from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from streamlit_app.model import predictor
from streamlit_app.texts import TEXTS
from tests.conftest import ROOT


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[AppTest]:
    """The dashboard where nothing else of the platform answers."""
    for name, value in {
        "MLFLOW_TRACKING_URI": "http://127.0.0.1:9",
        "MODEL_NAME": "spotify_model_prod",
        "MODEL_ALIAS": "champion",
        "MODEL_REFRESH_SECONDS": "60",
        "MODEL_CACHE_DIR": str(tmp_path),
        "MAX_BATCH_SIZE": "10",
        "FASTAPI_URL": "http://127.0.0.1:9",
        "GRPC_ADDRESS": "127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)
    yield AppTest.from_file(str(ROOT / "streamlit_app" / "app.py"), default_timeout=30).run()
    predictor().store.stop()
    st.cache_resource.clear()


def test_with_everything_down_the_page_says_so_in_spanish_and_english(page: AppTest) -> None:
    for language in ("es", "en"):
        page.sidebar.selectbox[0].set_value(language).run()
        assert not page.exception
        assert [info.value for info in page.info] == [TEXTS["not_ready"][language]]
        answers = page.dataframe[0].value.iloc[:, 1]
        assert set(answers) == {TEXTS["down"][language]}
