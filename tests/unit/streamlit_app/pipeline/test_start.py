from pathlib import Path

import httpx
import pytest
from streamlit.testing.v1 import AppTest

from song_preference.dataset.split import MIN_TEST_SONGS
from song_preference.dataset.version import DatasetVersion
from song_preference.errors import Finding
from song_preference.features import FEATURES, LABEL
from song_preference.messages import Message
from song_preference.run_options import ETL_DAG, NAME
from streamlit_app.components import plain
from streamlit_app.data import settings
from streamlit_app.data.playlist import ManagementClient
from streamlit_app.i18n import LANGUAGES, Language, Locale
from streamlit_app.pipeline.start import finding_row, first_songs
from tests.support.dashboard import TEXTS, Open, Platform, card, shown
from tests.support.datasets import describe_anew
from tests.support.named_songs import ENTRIES, Entry, found_in, spotify_zip, write_index
from tests.support.playlists import CSV, as_csv, chosen, two_files


def test_a_finding_names_the_first_rows_and_says_that_there_are_more() -> None:
    spanish = Locale("es", TEXTS)
    found = finding_row(spanish, Finding("energy", Message("not_a_number"), 1200, (2, 1004)))
    assert list(found.values()) == ["energy", "debe ser un número", "1.200", "2, 1.004 …"]
    assert list(finding_row(spanish, Finding(None, Message("empty_file"), 1)).values()) == [
        "El archivo",
        "está vacío",
        "",
        "",
    ]


def test_a_run_starts_as_the_dag_would_have_it(reached: Platform, open_page: Open) -> None:
    page = start(open_page("pipeline", "es"))
    assert reached.airflow.conf == {}
    assert TEXTS["pipeline_now"]["es"] in [heading.value for heading in page.subheader]
    assert TEXTS["pipeline_queued"]["es"] in shown(page)
    assert page.button(key="pipeline_start").disabled


def test_a_run_starts_with_what_was_changed(reached: Platform, open_page: Open) -> None:
    page = open_page("pipeline", "en")
    page.slider[0].set_value(20)
    page.number_input[1].set_value(8)
    page.toggle[0].set_value(True)
    page.segmented_control(key="pipeline_new_listener").set_value(False)
    start(page.run())
    assert reached.airflow.conf == {"test_size": 0.2, "trials": 8, "force": True, "new_listener": False}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("new_listener", "key"), [(None, "unsaid"), (False, "same"), (True, "other")])
def test_before_a_run_it_says_what_becomes_of_the_model_in_use(
    reached: Platform, open_page: Open, language: Language, new_listener: bool | None, key: str
) -> None:
    page = open_page("pipeline", language)
    page.segmented_control(key="pipeline_new_listener").set_value(new_listener).run()
    expected = Locale(language, TEXTS)(f"pipeline_will_{key}", name="playlist", version="1")
    assert expected in [caption.value for caption in page.caption]


@pytest.mark.parametrize("language", LANGUAGES)
def test_before_a_run_it_says_that_made_up_songs_give_way_to_a_playlist_that_is_found(
    reached: Platform, dataset: DatasetVersion, open_page: Open, language: Language
) -> None:
    describe_anew(reached.objects, dataset.version, lambda said: said["source"].update(kind="sample"))
    page = open_page("pipeline", language)
    assert TEXTS["pipeline_will_sample_configured"][language] in [caption.value for caption in page.caption]
    upload(page, CSV)
    assert TEXTS["pipeline_will_sample_own"][language] in [caption.value for caption in page.caption]


def test_before_a_first_run_it_says_when_its_model_is_used(reached: Platform, open_page: Open) -> None:
    reached.registry.ref = None
    assert TEXTS["pipeline_will_first"]["en"] in [caption.value for caption in open_page("pipeline", "en").caption]


def test_where_airflow_is_away_the_start_says_so(reached: Platform, open_page: Open) -> None:
    page = open_page("pipeline", "es")
    reached.airflow.broken = httpx.ConnectError("refused")
    start(page)
    # Of the start, of the run to follow, and of the last runs.
    assert [warning.value for warning in page.warning] == [TEXTS["missing_airflow"]["es"]] * 3


@pytest.mark.parametrize(
    ("language", "header", "row"),
    [
        ("es", ["Título", "Álbum", "isrc"], ["Uno", None, "X", "0,040", "0,500", "1,000", "0,000", "Te gusta"]),
        ("en", ["Title", "Album", "isrc"], ["Uno", None, "X", "0.040", "0.500", "1.000", "0.000", "Like"]),
    ],
)
def test_the_first_songs_are_written_in_the_language(language: Language, header: list[str], row: list[str]) -> None:
    values = dict(zip((*FEATURES, LABEL), (0.04, 0.5, 1.0, 0.0, 1.0), strict=True))
    found = first_songs([{"title": "Uno", "album": None, "isrc": "X", **values}], Locale(language, TEXTS))
    assert list(found) == [*header, *(TEXTS[name][language] for name in (*FEATURES, LABEL))]
    assert found.iloc[0].tolist() == row


def upload(page: AppTest, content: bytes) -> AppTest:
    return page.file_uploader[0].set_value(("playlist.csv", content, "text/csv")).run()


def test_a_good_file_is_checked_and_then_uploaded(reached: Platform, open_page: Open) -> None:
    page = upload(open_page("pipeline", "es"), CSV + CSV.splitlines(keepends=True)[1])
    assert "750 canciones" in page.success[0].value
    assert plain("filas que repiten una canción y se dejan fuera: 1") in shown(page)
    assert list(page.dataframe[0].value)[-5:] == [TEXTS[name]["es"] for name in (*FEATURES, LABEL)]
    assert len(reached.airflow.runs[ETL_DAG]) == 2
    page.button(key="pipeline_upload").click().run()
    assert reached.airflow.conf is not None
    assert reached.airflow.conf["source"].startswith("s3://data/incoming/")
    assert TEXTS["pipeline_queued"]["es"] in shown(page)
    assert not page.success


def test_an_upload_may_be_named_and_another_listeners(reached: Platform, open_page: Open) -> None:
    page = upload(open_page("pipeline", "es"), CSV)
    name = page.text_input[-1]
    assert (name.label, name.value) == (NAME.title["es"], "playlist")
    name.set_value("Verano")
    page.segmented_control(key="pipeline_upload_0_new_listener").set_value(True).run()
    page.button(key="pipeline_upload").click().run()
    assert reached.airflow.conf is not None
    assert reached.airflow.conf.items() >= {("name", "Verano"), ("new_listener", True)}


def test_two_files_are_checked_and_uploaded_together(reached: Platform, open_page: Open) -> None:
    page = open_page("pipeline", "es")
    page.button_group(key="pipeline_way").set_value("two").run()
    for number, content in enumerate(two_files().values()):
        assert not page.success
        page.file_uploader[number].set_value(("songs.csv", content, "text/csv")).run()
    assert "750 canciones" in page.success[0].value
    page.button(key="pipeline_upload").click().run()
    assert reached.airflow.conf is not None
    assert reached.airflow.conf["source"].endswith(".zip")


@pytest.mark.parametrize("language", LANGUAGES)
def test_songs_without_features_are_looked_up_before_anything_starts(
    reached: Platform, open_page: Open, tmp_path: Path, language: Language
) -> None:
    reached.indexes.current = write_index(tmp_path / "index")
    unknown = Entry("*Unknown* [x](y)", "Nobody")
    library = spotify_zip(ENTRIES[:30], [*ENTRIES[30:50], unknown])
    page = upload(open_page("pipeline", language), library)
    note = Message(
        "songs_found", {"found": 50, "rows": 51, "origin": [found_in(50)], "not_found": ["*Unknown* [x](y) - Nobody"]}
    )
    assert [info.value for info in page.info] == [plain(note.text(language))]
    assert "50" in page.success[0].value
    assert list(page.dataframe[0].value)[-5:] == [TEXTS[name][language] for name in (*FEATURES, LABEL)]
    assert len(reached.airflow.runs[ETL_DAG]) == 2
    page.button(key="pipeline_upload").click().run()
    assert reached.airflow.conf is not None
    assert reached.airflow.conf["source"].endswith("/playlist.csv")


@pytest.mark.parametrize("language", LANGUAGES)
def test_before_an_upload_it_says_who_gets_ids(
    reached: Platform, open_page: Open, monkeypatch: pytest.MonkeyPatch, language: Language
) -> None:
    known = Locale(language, TEXTS)
    host = "features.example"
    said = known("pipeline_features_api", host=plain(host))
    assert host not in shown(open_page("pipeline", language)).replace("\\", "")
    monkeypatch.setenv("FEATURES_API", f"https://{host}/")
    settings.clear()
    assert said in shown(open_page("pipeline", language))


def test_where_no_song_is_found_nothing_can_start(reached: Platform, open_page: Open, tmp_path: Path) -> None:
    library = spotify_zip([Entry("Unknown", "Nobody")], [])
    page = upload(open_page("pipeline", "en"), library)
    assert "import a catalogue" in " ".join(page.table[0].value["Problem"])
    reached.indexes.current = write_index(tmp_path / "index")
    page = upload(open_page("pipeline", "en"), library)
    assert "none of its 1 songs" in " ".join(page.table[0].value["Problem"])
    assert "pipeline_upload" not in [button.key for button in page.button]


def test_what_is_wrong_with_a_file_is_listed(reached: Platform, open_page: Open) -> None:
    page = upload(open_page("pipeline", "es"), CSV.replace(b"energy", b"vigour", 1))
    assert page.error[0].value == TEXTS["pipeline_file_is_bad"]["es"]
    assert page.table[0].value.loc["energy", "Problema"] == "falta"
    assert "pipeline_upload" not in [button.key for button in page.button]


def test_a_file_that_is_too_large_for_the_service_is_rejected(reached: Platform, open_page: Open) -> None:
    page = upload(open_page("pipeline", "en"), b"x" * 1_000_001)
    assert plain("MAX_DATASET_BYTES") in page.error[0].value


def test_no_file_can_be_checked_without_rest(reached: Platform, open_page: Open) -> None:
    page = open_page("pipeline", "es")
    reached.rest_is_down = True
    upload(page, CSV)
    assert "no responde" in page.warning[0].value


def test_a_file_that_cannot_be_uploaded_stays(reached: Platform, open_page: Open) -> None:
    page = upload(open_page("pipeline", "en"), CSV)
    reached.objects.is_down = True
    page.button(key="pipeline_upload").click().run()
    assert "S3" in page.warning[0].value
    assert page.button(key="pipeline_upload")


def test_where_the_platform_only_predicts_nothing_can_be_started(
    reached: Platform, open_page: Open, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("MANAGE_DATASETS", "false")
    page = open_page("pipeline", "es")
    assert page.info[0].value == TEXTS["pipeline_only_predicts"]["es"]
    assert not page.button
    assert TEXTS["health_s3_unmanaged"]["es"] in card(page, "Almacén S3")


@pytest.mark.parametrize(
    ("code", "shown_reason"),
    [("disk_full", "Queda muy poco espacio"), ("of_tomorrow", "It is full."), (None, "It is full.")],
)
def test_an_upload_is_rejected_in_the_language_if_its_code_is_known(
    reached: Platform, open_page: Open, environment: pytest.MonkeyPatch, code: str | None, shown_reason: str
) -> None:
    params = {"directory": "tmp", "free": 1, "total": 2}
    problem = {"status": 413, "detail": "It is full.", "code": code, "params": params}

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(413, json=problem, request=request)

    rejecting = ManagementClient("http://rest", "", transport=httpx.MockTransport(answer))
    environment.setattr("streamlit_app.pipeline.start.management", lambda: rejecting)
    page = upload(open_page("pipeline", "es"), CSV)
    assert plain(shown_reason) in page.error[0].value


def start(page: AppTest) -> AppTest:
    return page.button(key="pipeline_start").click().run()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_list_too_short_for_a_comparison_is_noted_before_it_is_uploaded(
    reached: Platform, open_page: Open, language: Language
) -> None:
    page = upload(open_page("pipeline", language), as_csv(chosen(10, 10)))
    note = Message("too_few_to_compare", {"share": 0.3, "likes": 3, "dislikes": 3, "least": MIN_TEST_SONGS})
    assert "20" in page.success[0].value
    assert plain(note.text(language)) in shown(page)
    assert page.button(key="pipeline_upload")
