import json
from xml.etree import ElementTree

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from song_preference.clients import EXAMPLE, PredictionClient
from song_preference.dataset.spread import Histogram, Spread
from song_preference.errors import ModelNotReady, ServiceUnavailable
from song_preference.features import DISLIKE, FEATURES, LABEL, LIKE, Song
from song_preference.pipeline import ETL_DAG, TRAINING_DAG
from song_preference.serving.model import ModelRef
from song_preference.serving.predictor import Prediction, Predictor
from song_preference.settings import DashboardSettings
from streamlit_app import sources
from streamlit_app.charts.predict import END, START, contribution_rows, gauge_rows, strip
from streamlit_app.look import LIGHT
from streamlit_app.predict.asking import OWN, ask, requests
from streamlit_app.predict.presets import presets
from streamlit_app.texts import LANGUAGES, TEXTS, Language
from streamlit_app.words import Words
from tests.support.airflow import FakeRun
from tests.unit.streamlit_app.conftest import Open, Platform

ENGLISH = Words("en")
PREDICTION = Prediction(LIKE, True, 0.75, 0.5, ModelRef("spotify_model_prod", "3", "champion"))


class Failing:
    """A client of a service that does not answer."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def predict(self, _: Song) -> Prediction:
        raise self.error


def shown(page: AppTest) -> list[str]:
    return [element.value for element in [*page.header, *page.subheader, *page.markdown, *page.caption]]


def has_start(page: AppTest) -> bool:
    """Whether a banner offers the first run."""
    return "start_from_banner" in [button.key for button in page.button]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_answer_is_that_of_the_model(platform: Platform, open_page: Open, language: Language) -> None:
    page = open_page("predict", language)
    song = Song(**{name: page.session_state[f"song_{name}"] for name in FEATURES})
    answer = sources.predictor().predict(song)
    assert TEXTS[f"predict_{answer.label}"][language] in shown(page)
    told = Words(language).percent(answer.probability, 2)
    assert any(told in text for text in shown(page))


def test_another_song_is_another_answer(platform: Platform, open_page: Open) -> None:
    page = open_page("predict", "en")
    page.select_slider(key="song_danceability").set_value(0.0)
    page.select_slider(key="song_speechiness").set_value(0.0).run()
    assert "You will not like it" in shown(page)
    page.select_slider(key="song_danceability").set_value(1.0).run()
    assert "You will like it" in shown(page)


def test_a_preset_is_a_song_of_the_playlist(platform: Platform, open_page: Open) -> None:
    page = open_page("predict", "en")
    page.button_group(key="preset").set_value("acousticness").run()
    chosen = {name: page.session_state[f"song_{name}"] for name in FEATURES}
    songs = sources.table(sources.latest_dataset().version, "features")
    liked = songs[songs[LABEL] == 1]
    row = liked.iloc[liked["acousticness"].argmax()]
    assert chosen == {name: round(float(row[name]), 2) for name in FEATURES}


def test_without_rest_there_are_no_songs_to_start_from_but_an_answer(platform: Platform, open_page: Open) -> None:
    platform.rest_is_down = True
    page = open_page("predict", "es")
    assert [found.value for found in page.warning] == [TEXTS["missing_data"]["es"]]
    assert "Te va a gustar" in shown(page) or "No te va a gustar" in shown(page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_way_that_is_down_says_so_and_the_others_go_on(
    platform: Platform, open_page: Open, language: Language
) -> None:
    page = open_page("predict", language)
    page.button_group(key="way").set_value("all").run()
    told = [text for text in shown(page) if TEXTS["predict_down"][language] in text]
    assert len(told) == 3  # nothing listens in a unit test
    assert sum(":material/thumb_" in text for text in shown(page)) == 1


def test_without_a_champion_the_pipeline_can_be_started(
    platform: Platform, open_page: Open, registry_without_champion: None
) -> None:
    page = open_page("predict", "en")
    assert [found.value for found in page.info] == [TEXTS["no_champion_banner"]["en"]]
    assert [found.value for found in page.warning] == [TEXTS["missing_model"]["en"]]
    page.button(key="start_from_banner").click().run()
    assert platform.airflow.conf == {}
    assert TEXTS["pipeline_at_work"]["en"] in [found.value for found in page.info]
    assert not has_start(page)
    platform.airflow.runs[ETL_DAG][-1].state = "failed"
    assert has_start(page.run())


@pytest.mark.parametrize("dag_id", [ETL_DAG, TRAINING_DAG])
@pytest.mark.parametrize("state", ["queued", "running"])
def test_a_first_run_that_somebody_started_is_not_started_twice(
    platform: Platform, open_page: Open, registry_without_champion: None, dag_id: str, state: str
) -> None:
    page = open_page("predict", "es")
    platform.airflow.runs[dag_id].append(FakeRun("other", "2026-11-25T09:00:00+00:00", state))
    page.button(key="start_from_banner").click().run()
    assert platform.airflow.conf is None
    assert TEXTS["pipeline_at_work"]["es"] in [found.value for found in page.info]
    assert not has_start(page)


def test_without_a_champion_and_without_airflow_the_cause_is_named(
    platform: Platform, open_page: Open, registry_without_champion: None
) -> None:
    page = open_page("predict", "en")
    platform.take_down("airflow")
    page.button(key="start_from_banner").click().run()
    assert page.warning[0].value == TEXTS["missing_airflow"]["en"]
    assert not has_start(page)


def test_with_a_champion_no_banner_asks_airflow(platform: Platform, open_page: Open) -> None:
    assert not has_start(open_page("predict", "en"))
    assert not platform.airflow.paths


def test_where_the_platform_only_predicts_no_banner_starts_it(
    platform: Platform, open_page: Open, registry_without_champion: None, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("MANAGE_DATASETS", "false")
    page = open_page("predict", "en")
    assert page.info[0].value == TEXTS["no_champion_banner"]["en"]
    assert not has_start(page)
    assert not platform.airflow.paths


def test_without_a_champion_and_without_mlflow_the_cause_is_named(
    platform: Platform, open_page: Open, registry_without_champion: None
) -> None:
    platform.registry.is_down = True
    page = open_page("predict", "en")
    assert page.warning[0].value == TEXTS["no_registry_banner"]["en"]


def test_a_stale_model_answers_and_says_so(platform: Platform, open_page: Open) -> None:
    open_page("predict", "en")
    platform.registry.is_down = True
    with pytest.raises(Exception, match="down"):
        sources.predictor().store.refresh()
    page = open_page("predict", "en")
    assert page.warning[0].value == ENGLISH("stale_banner", version="1")
    assert "You will like it" in shown(page) or "You will not like it" in shown(page)


def test_a_model_whose_alias_is_gone_is_stale_while_mlflow_answers(platform: Platform, open_page: Open) -> None:
    open_page("predict", "en")
    platform.registry.ref = None
    assert sources.predictor().store.refresh() == "missing"
    told = open_page("predict", "en").warning[0].value
    assert told == ENGLISH("stale_banner", version="1")
    assert "answer" not in told


def test_every_way_is_asked_and_timed(predictor: Predictor) -> None:
    ways: dict[str, PredictionClient] = {
        OWN: predictor,
        "REST": Failing(ServiceUnavailable("down")),
        "gRPC": Failing(ModelNotReady("none")),
    }
    own, rest, grpc = ask(ways, EXAMPLE)
    assert own.prediction == predictor.predict(EXAMPLE)
    assert own.milliseconds > 0
    assert (rest.way, rest.prediction, rest.is_down) == ("REST", None, True)
    assert (grpc.way, grpc.prediction, grpc.is_down) == ("gRPC", None, False)


def test_commands_hold_the_song_and_the_address(environment: pytest.MonkeyPatch) -> None:
    copies = requests(EXAMPLE, DashboardSettings(), "some_model", "champion")
    shell = {way: found[-1].text for way, found in copies.items()}
    assert shell["REST"].startswith("curl http://rest.example/predict ")
    assert "curl http://rest.example/graphql" in shell["GraphQL"]
    assert "grpc.example:50051 song_preference.v1.PredictionService/Predict" in shell["gRPC"]
    bodies = {way: json.loads(shell[way].split(" -d '")[1].split("'")[0]) for way in ("REST", "GraphQL", "gRPC")}
    assert bodies["REST"] == bodies["gRPC"]["song"] == EXAMPLE.model_dump()
    assert bodies["GraphQL"] == {"query": copies["GraphQL"][0].text}
    assert "models:/some_model@champion" in shell[OWN]
    compile(shell[OWN], "own", "exec")


def test_presets_are_extremes_and_typical_songs() -> None:
    songs = pd.DataFrame(
        [[0.1, 0.1, 0.1, 0.1, 1], [0.2, 0.2, 0.2, 0.2, 1], [0.9, 0.3, 0.3, 0.3, 1], [0.5, 0.5, 0.5, 0.5, 0]],
        columns=[*FEATURES, LABEL],
    )
    found = presets(songs)
    assert found["speechiness"].row() == (0.9, 0.3, 0.3, 0.3)
    assert found["liked"].row() == (0.2, 0.2, 0.2, 0.2)
    assert found["disliked"].row() == (0.5, 0.5, 0.5, 0.5)
    assert set(found) == {*FEATURES, "liked", "disliked"}


def test_the_gauge_is_filled_in_proportion() -> None:
    row = gauge_rows(PREDICTION, Words("es")).iloc[0]
    assert row["value"] == pytest.approx(START + 0.75 * (END - START))
    assert (row["mark_start"] + row["mark_end"]) / 2 == pytest.approx((START + END) / 2)
    assert (row["shown"], row["label"]) == ("75\N{NO-BREAK SPACE}%", LIKE)


def test_contributions_come_strongest_first_with_their_sign() -> None:
    rows = contribution_rows({"energy": 0.02, "speechiness": -0.3, "danceability": 0.1, "acousticness": 0.0}, ENGLISH)
    assert list(rows["feature"]) == ["Spoken words", "Danceability", "Energy", "Acoustic sound"]
    assert list(rows["shown"]) == ["\N{MINUS SIGN}30.0", "+10.0", "+2.0", "+0.0"]
    assert set(rows["reach"]) == {39.0}


def test_a_strip_shows_shares_of_each_label() -> None:
    def spread(label: str, counts: list[int]) -> Spread:
        histogram = Histogram(edges=[0, 0.5, 1], counts=counts)
        return Spread(
            feature="energy", label=label, songs=sum(counts), mean=0, std=0, quantiles={}, histogram=histogram
        )

    drawn = ElementTree.fromstring(  # noqa: S314 - our own
        strip([spread(LIKE, [30, 10]), spread(DISLIKE, [1, 0])], LIGHT)
    )
    bars = [(bar.get("fill"), *(float(bar.get(name, "")) for name in ("x", "y", "height"))) for bar in drawn]
    assert bars == [
        (LIGHT.like, 0, 0.25, 0.75),  # three quarters of those liked, upwards from the middle
        (LIGHT.like, 0.5, 0.75, 0.25),
        (LIGHT.dislike, 0, 1, 1),  # all of those disliked, downwards
    ]
