"""The choices of every page in its address."""

import re

import pytest
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from local_stack.config import ROOT
from song_preference.features import FEATURES
from song_preference.run_options import ETL_DAG, TRAINING_DAG
from streamlit_app.i18n import Language
from tests.support.dashboard import PAGE, TEXTS, Open, Platform
from tests.support.model_page import EVALUATION, evaluated

DEFAULTS = {"song_speechiness": 0.04, "song_energy": 0.52, "song_danceability": 0.51, "song_acousticness": 0.71}
RUBBISH = ["NaN", "inf", "-0.1", "1.01", "0.5000001", "7", "", "much", "0,5", "0.5;drop", "<script>", "9" * 10_000]


@pytest.fixture
def app(platform: Platform) -> AppTest:
    return AppTest.from_file(str(ROOT / "streamlit_app" / "app.py"), default_timeout=30)


def scripts(page: AppTest) -> list[str]:
    """Return the scripts that write the address, the last one last."""
    bodies = [str(getattr(element, "value", "")) for element in page.get("html")]
    return [body for body in bodies if "history." in body]


def written(page: AppTest) -> str:
    """Return the query that the page writes into its address."""
    return scripts(page)[-1].split('"')[-2]


def new_entries(page: AppTest) -> int:
    return sum("pushState" in script for script in scripts(page))


def test_an_address_of_defaults_is_bare(app: AppTest) -> None:
    assert written(app.run()) == ""
    assert {key: app.session_state[key] for key in DEFAULTS} == DEFAULTS


def test_only_the_page_that_wrote_an_address_gets_it(app: AppTest) -> None:
    # The first page has no name in its path; Back may have opened another one before the browser runs the script.
    assert 'location.pathname.split("/").pop() === ""' in scripts(app.run())[-1]


def test_each_write_has_a_later_time_so_that_an_earlier_one_counts_no_more(app: AppTest) -> None:
    times = [int(re.findall(r"addressTime = (\d+);", script)[0]) for _ in range(2) for script in scripts(app.run())]
    assert times == sorted(set(times))
    assert len(times) > 2


def test_a_run_that_changes_nothing_leaves_the_sliders_to_the_browser(app: AppTest) -> None:
    app.run().select_slider(key="song_energy").set_value(0.6).run()
    protos = [slider.proto for slider in app.run().select_slider]
    assert not any(proto.set_value for proto in protos)
    # Where the browser has forgotten a slider, it takes what the page begins with.
    assert [proto.default[0] for proto in protos] == [4, 60, 51, 71]


def test_an_address_sets_the_sliders_the_protocol_and_the_language(app: AppTest) -> None:
    query = {"lang": "en", "energy": "0.55", "acousticness": "1", "protocol": "REST"}
    for name, value in query.items():
        app.query_params[name] = value
    page = app.run()
    assert page.title[0].value == TEXTS["predict_title"]["en"]
    assert (page.session_state["song_energy"], page.session_state["song_acousticness"]) == (0.55, 1.0)
    assert page.button_group(key="way").value == "REST"
    assert written(page) == "?lang=en&energy=0.55&acousticness=1&protocol=REST"


@pytest.mark.parametrize("text", ["0.50", ".5", "5e-1", "+0.5", "00.5"])
def test_a_number_may_be_written_otherwise_than_the_page_does(app: AppTest, text: str) -> None:
    app.query_params["energy"] = text
    page = app.run()
    assert page.session_state["song_energy"] == 0.5
    assert written(page) == "?energy=0.5"


@pytest.mark.parametrize("rubbish", RUBBISH)
def test_rubbish_in_an_address_is_ignored(app: AppTest, rubbish: str) -> None:
    for name in (*FEATURES, "protocol", "lang", "unknown"):
        app.query_params[name] = rubbish
    page = app.run()
    assert not page.exception
    assert {key: page.session_state[key] for key in DEFAULTS} == DEFAULTS
    assert written(page) == ""


def test_a_slider_replaces_the_address_and_a_choice_makes_a_new_entry(app: AppTest) -> None:
    page = app.run()
    page.select_slider(key="song_energy").set_value(0.9).run()
    assert (written(page), new_entries(page)) == ("?energy=0.9", 0)
    page.button_group(key="way").set_value("gRPC").run()
    assert (written(page), new_entries(page)) == ("?energy=0.9&protocol=gRPC", 1)
    page.select_slider(key="song_energy").set_value(0.52).run()
    assert (written(page), new_entries(page)) == ("?protocol=gRPC", 0)


def test_the_choices_of_the_pipelines_page_are_in_its_address(open_page: Open) -> None:
    page = open_page("pipeline", "es")
    page.button_group(key="pipeline_way").set_value("two").run()
    assert (written(page), "pushState" in "".join(scripts(page))) == ("?files=two", True)
    page.button_group(key="pipeline_history").set_value(TRAINING_DAG).run()
    assert written(page) == f"?runs={TRAINING_DAG}&files=two"
    another = AppTest.from_string(PAGE.format(name="pipeline", language="es"), default_timeout=30)
    another.query_params["files"], another.query_params["runs"] = "two", "nonsense"
    assert len(another.run().file_uploader) == 2
    assert another.button_group(key="pipeline_history").value == ETL_DAG


def test_the_threshold_and_the_model_that_it_is_of_are_in_the_address(
    platform: Platform, graph: bytes, open_page: Open
) -> None:
    platform.registry.graphs["2"], platform.registry.challenger = graph, "2"
    platform.registry.evaluations |= {"run1": EVALUATION, "run2": evaluated(2, 0.6)}
    page = open_page("model", "es")
    assert written(page) == ""
    page.button_group(key="model_role").set_value("challenger").run()
    assert (written(page), new_entries(page)) == ("?curves=challenger", 1)
    page.select_slider[0].set_value(0.8).run()
    assert (written(page), new_entries(page)) == ("?curves=challenger&threshold_run2=0.8", 0)
    another = AppTest.from_string(PAGE.format(name="model", language="es"), default_timeout=30)
    another.query_params["curves"], another.query_params["threshold_run2"] = "challenger", "0.8"
    assert another.run().select_slider[0].value == 0.8
    assert written(another) == "?curves=challenger&threshold_run2=0.8"


def test_a_preset_is_one_new_entry(app: AppTest) -> None:
    page = app.run()
    page.button_group(key="preset").set_value("acousticness").run()
    assert f"acousticness={page.session_state['song_acousticness']:g}" in written(page)
    assert new_entries(page) == 1


def test_songs_that_are_kept_aside_are_in_the_address_and_come_from_it(app: AppTest) -> None:
    page = app.run()
    page.button(key="predict_keep").click().run()
    assert (written(page), new_entries(page)) == ("?kept=4-52-51-71", 1)
    page.select_slider(key="song_energy").set_value(1.0).run()
    page.button(key="predict_keep").click().run()
    assert written(page) == "?energy=1&kept=4-52-51-71%2C4-100-51-71"
    page.button(key="predict_kept_remove").click().run()
    assert written(page) == "?energy=1&kept=4-100-51-71"
    another = AppTest.from_file(str(ROOT / "streamlit_app" / "app.py"), default_timeout=30)
    another.query_params["kept"] = "4-100-51-71,0-0-0-0"
    assert another.run().dataframe[0].value["energy"].tolist() == ["1,00", "0,00"]


@pytest.mark.parametrize(
    "rubbish",
    [
        "",
        ",",
        "1-2-3",
        "1-2-3-101",
        "1-2-3-4,1-2-3-4",
        "1-2-3-٤",
        "a",
        ",".join(f"0-1-2-{i}" for i in range(6)),
        "9" * 10_000,
    ],
)
def test_rubbish_in_the_place_of_kept_songs_is_ignored(app: AppTest, rubbish: str) -> None:
    app.query_params["kept"] = rubbish
    page = app.run()
    assert not page.exception
    assert not page.dataframe
    assert written(page) == ""


def test_numbers_in_the_address_are_the_same_in_every_language(app: AppTest) -> None:
    page = app.run()
    page.select_slider(key="song_energy").set_value(0.9).run()
    page.sidebar.selectbox[0].set_value("en").run()
    assert (written(page), new_entries(page)) == ("?lang=en&energy=0.9", 1)
    assert page.session_state["song_energy"] == 0.9


@pytest.mark.parametrize(
    ("browser", "address", "expected"),
    [("en-GB", None, "en"), ("en", "es", "es"), ("es-MX", None, "es"), ("fr-FR", None, "es"), (None, "en", "en")],
)
def test_a_browser_gets_its_language_unless_the_address_names_one(
    app: AppTest, monkeypatch: pytest.MonkeyPatch, browser: str | None, address: str | None, expected: Language
) -> None:
    monkeypatch.setattr(ContextProxy, "locale", property(lambda _: browser))
    if address:
        app.query_params["lang"] = address
    page = app.run()
    assert page.title[0].value == TEXTS["predict_title"][expected]
    assert written(page) == (f"?lang={address}" if address else "")


def test_the_link_to_share_names_the_language(app: AppTest) -> None:
    page = app.run()
    page.select_slider(key="song_energy").set_value(0.9)
    page.session_state["predict_share"] = True
    assert page.run().code[0].value == "?lang=es&energy=0.9"
