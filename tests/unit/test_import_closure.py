import pytest

from tests.support.import_closure import import_closure

MOST_OF_DASHBOARD = 20
MOST_OURS = {"predict": 34, "discover": 36, "explore": 30, "model": 33, "songs": 26, "pipeline": 34}
MOST_OF_SERVICES = {
    "fastapi_app.__main__": 97,
    "grpc_service.__main__": 38,
    "song_preference.dataset.etl": 37,
    "song_preference.training.steps": 43,
    "song_preference.catalogue.importing": 36,
}


@pytest.mark.parametrize("page", MOST_OURS)
def test_a_page_leads_to_few_modules(page: str) -> None:
    found = import_closure(f"streamlit_app.{page}.page")
    assert len([name for name in found if name.startswith("streamlit_app")]) <= MOST_OF_DASHBOARD
    assert len(found) <= MOST_OURS[page]


@pytest.mark.parametrize("entry_point", MOST_OF_SERVICES)
def test_an_entry_point_leads_to_few_modules(entry_point: str) -> None:
    assert len(import_closure(entry_point)) <= MOST_OF_SERVICES[entry_point]


def test_imports_inside_functions_and_of_packages_count() -> None:
    found = import_closure("streamlit_app.songs.page")
    assert {"streamlit_app", "streamlit_app.songs", "streamlit_app.songs.answers", "song_preference.features"} <= found
    assert "streamlit_app.predict.page" not in found
