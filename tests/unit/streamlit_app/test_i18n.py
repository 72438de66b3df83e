import pytest

from song_preference.features import FEATURES
from streamlit_app.i18n import LANGUAGES
from tests.support.dashboard import TEXTS


@pytest.mark.parametrize("key", TEXTS)
def test_every_text_is_there_in_every_language(key: str) -> None:
    assert set(TEXTS[key]) == set(LANGUAGES)
    assert all(TEXTS[key].values())


def test_every_feature_is_explained() -> None:
    assert set(TEXTS) >= {name for feature in FEATURES for name in (feature, f"{feature}_help")}
