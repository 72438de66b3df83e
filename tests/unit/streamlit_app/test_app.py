import subprocess
import sys

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from local_stack.config import ROOT
from streamlit_app.i18n import LANGUAGES, Language
from tests.support.dashboard import SERVICES, TEXTS, Open, Platform, of_another_language

PAGES = sorted(file.parent.name for file in (ROOT / "streamlit_app").glob("*/page.py"))


@pytest.fixture
def app(platform: Platform) -> AppTest:
    return AppTest.from_file(str(ROOT / "streamlit_app" / "app.py"), default_timeout=30)


def test_spanish_comes_first_and_english_on_demand(app: AppTest) -> None:
    assert app.run().title[0].value == TEXTS["predict_title"]["es"]
    assert not of_another_language(app, "es")
    assert of_another_language(app, "en")
    assert app.sidebar.selectbox[0].set_value("en").run().title[0].value == TEXTS["predict_title"]["en"]


def test_the_browsers_tab_names_the_page_in_its_language(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    titles: list[str] = []
    monkeypatch.setattr(st, "set_page_config", lambda **asked: titles.extend(filter(None, [asked.get("page_title")])))
    app.run().sidebar.selectbox[0].set_value("en").run()
    assert titles == [f"{TEXTS['page_predict'][language]} · Song preference" for language in LANGUAGES]


def test_an_address_may_name_the_language(app: AppTest) -> None:
    app.query_params["lang"] = "en"
    assert app.run().title[0].value == TEXTS["predict_title"]["en"]


@pytest.mark.parametrize("is_down", [False, True])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_drawn_with_everything_up_and_with_everything_down(
    platform: Platform, open_page: Open, name: str, language: Language, *, is_down: bool
) -> None:
    if is_down:
        platform.take_down()
    page = open_page(name, language)
    assert not page.exception
    assert page.title[0].value == TEXTS[f"{name}_title"][language]
    assert bool(page.warning) == is_down


NEEDS = {
    "predict": {"mlflow", "s3", "rest"},
    "discover": {"mlflow"},
    "explore": {"mlflow", "s3", "rest"},
    "model": {"mlflow"},
    "songs": {"mlflow"},
    "pipeline": {"mlflow", "airflow"},
}
"""The parts that a page misses with a warning, at its first visit; the pipeline's page shows the others as cards."""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("part", SERVICES)
@pytest.mark.parametrize("name", PAGES)
def test_every_page_does_without_any_part_and_says_what_is_missing(
    platform: Platform, open_page: Open, name: str, part: str, language: Language
) -> None:
    platform.take_down(part)
    page = open_page(name, language)
    assert not page.exception
    assert page.title[0].value == TEXTS[f"{name}_title"][language]
    assert bool(page.warning) == (part in NEEDS[name])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["sample", "file"])
def test_a_model_of_the_sample_is_reported_on_every_page_also_while_mlflow_is_away(
    platform: Platform, open_page: Open, kind: str, language: Language
) -> None:
    platform.registry.source_kind = kind
    for name in PAGES:
        told = TEXTS["sample_banner"][language] in [found.value for found in open_page(name, language).info]
        assert told == (kind == "sample"), name
    platform.take_down("mlflow")
    told = TEXTS["sample_banner"][language] in [found.value for found in open_page("predict", language).info]
    assert told == (kind == "sample")


def test_the_pages_import_nothing_that_the_image_lacks() -> None:
    absent = ["boto3", "gdown", "matplotlib", "optuna", "scipy", "sklearn"]
    code = f"import sys; sys.modules.update(dict.fromkeys({absent})); import streamlit_app.__main__"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
