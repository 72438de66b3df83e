"""The page "pipeline": a playlist from the listener's hands to the champion, without anything else opened."""

import json
import os
import re
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

import httpx
import pandas as pd
import pytest
from playwright.sync_api import expect

from local_stack.config import ROOT
from song_preference.dataset import sample
from song_preference.features import FEATURES
from streamlit_app.i18n import LANGUAGES
from tests.support.browser import PHONE, Visit, Visitor
from tests.support.pictures import check_moving_picture, take_moving_picture, take_pictures
from tests.support.waiting import wait_for

LEARNING_MS = 180_000
BEFORE_A_RUN = re.compile("^As the playlist is another listener's, its model replaces|^Its model replaces that of")
"""By whether the list in use is a listener's own, or the sample."""


def songs(seed: int) -> pd.DataFrame:
    """Made-up songs: pictures for the documents may show them."""
    statistics = json.loads(files("song_preference.dataset").joinpath(sample.STATISTICS).read_text())
    drawn = sample.draw(statistics, seed=seed)
    return drawn.assign(title=[f"Song {number}" for number in range(len(drawn))], artist="Nobody")


def with_an_odd_one(drawn: pd.DataFrame) -> pd.DataFrame:
    """Let the songs with the most words be disliked, but for the very first of them."""
    talking = drawn.copy()
    talking.loc[:39, "speechiness"] = [0.97 - number / 1_000 for number in range(40)]
    talking.loc[:39, "label"] = [1] + [0] * 39
    return talking


def as_it_is(drawn: pd.DataFrame) -> str:
    return str(drawn.to_csv(index=False))


def as_of_exportify(drawn: pd.DataFrame) -> str:
    """Write songs as Exportify does in Spanish, with the listener's own last column."""
    names = {
        "title": "Nombre de la canción",
        "artist": "Nombre(s) del artista",
        "danceability": "Bailabilidad",
        "energy": "Energía",
        "speechiness": "Hablado",
        "acousticness": "Acústica",
        "loudness": "Volumen",
        "tempo": "Tempo",
        "duration": "Duración de la canción (ms)",
        "label": "¿Me gusta?",
    }
    words = drawn["label"].map({1: "sí", 0: "no"})
    ids = [f"spotify:track:{number:022}" for number in range(len(drawn))]
    text: str = drawn.assign(label=words).rename(columns=names)[names.values()].assign(URI=ids).to_csv(index=False)
    return f"\ufeff{text}"


def as_of_chosic(drawn: pd.DataFrame) -> str:
    """Write songs as Chosic does: features from 0 to 100, durations in minutes and seconds."""
    names = {
        "title": "Song",
        "artist": "Artist",
        "tempo": "BPM",
        "energy": "Energy",
        "duration": "Duration",
        "danceability": "Dance",
        "acousticness": "Acoustic",
        "speechiness": "Speech",
        "loudness": "Loud (Db)",
        "label": "Liked",
    }
    percent = (drawn[list(FEATURES)] * 100).round().astype(int)
    seconds = (drawn["duration"] // 1000).astype(int)
    clock = [f"{second // 60:02}:{second % 60:02}" for second in seconds]
    text: str = drawn.assign(**percent, duration=clock).rename(columns=names)[names.values()].to_csv(index_label="#")
    return text


@pytest.fixture
def own_list(environment: dict[str, str]) -> Iterator[str]:
    """The name of the list in use; its model is served again for the tests that follow, and no newer one proposed."""
    with httpx.Client(base_url=environment["FASTAPI_URL"], headers={"X-API-Key": environment["API_KEY"]}) as rest:
        before = rest.get("/model").json()
        yield str(rest.get(f"/datasets/{before['dataset_version']}").json()["name"])
        assert rest.post("/model/rollback", json={"version": before["version"]}).status_code == httpx.codes.OK
        newest = rest.get("/model/versions").json()[0]["version"]
        if newest != before["version"]:
            assert rest.post(f"/model/versions/{newest}/decline").status_code == httpx.codes.OK


def test_the_configured_playlist_is_trained_on_at_a_click(visit: Visitor) -> None:
    visitor = visit("es").open("pipeline")
    visitor.page.get_by_role("button", name=visitor.locale("start_pipeline")).click()
    visitor.page.get_by_role("heading", name=visitor.locale("pipeline_now")).wait_for()
    visitor.page.get_by_role("heading", name=visitor.locale("pipeline_ended")).wait_for(timeout=LEARNING_MS)


@pytest.mark.parametrize(
    ("written", "seed"),
    [(as_of_exportify, 20), (as_of_chosic, 22), (as_it_is, 20)],
    ids=["Exportify", "Chosic", "as it is, with pictures"],
)
def test_a_playlist_is_uploaded_followed_and_served(
    visit: Visitor, tmp_path: Path, own_list: str, written: Callable[[pd.DataFrame], str], seed: int
) -> None:
    playlist = tmp_path / "playlist.csv"
    playlist.write_text(written(with_an_odd_one(songs(seed)) if written is as_of_exportify else songs(seed)))
    visitor = visit("en").open("pipeline")
    page = visitor.page
    page.locator("input[type=file]").set_input_files(playlist)
    page.get_by_text("The playlist is valid").wait_for()
    page.get_by_role("button", name=visitor.locale("pipeline_upload")).wait_for()
    page.locator(".st-key-pipeline_upload_0_new_listener").get_by_text(visitor.locale("pipeline_yes")).click()
    visitor.settle()
    expect(page.get_by_text(BEFORE_A_RUN)).to_be_visible()
    page.get_by_role("button", name=visitor.locale("pipeline_upload")).click()
    page.get_by_role("heading", name=visitor.locale("pipeline_now")).wait_for()
    page.get_by_role("heading", name=visitor.locale("pipeline_ended")).wait_for(timeout=LEARNING_MS)
    # Below the heading, with the name of the list, which REST is asked for.
    expect(page.get_by_text("became the champion")).to_have_count(1)

    visitor.open("explore")
    # In whole percentages some songs are alike.
    kept = "750" if written is not as_of_chosic else re.compile(r"\b7[34]\d different, usable songs in 750 rows")
    page.get_by_text(kept).first.wait_for()
    if written is as_of_exportify:
        visitor.open("predict")
        page.get_by_text(visitor.locale("predict_preset_speechiness"), exact=True).click()
        page.get_by_text(re.compile("You like it, but without knowing it the model .* said no")).wait_for()
        goes_back(visit, visitor, own_list)
    if written is as_it_is:
        folder, languages = tmp_path, [*LANGUAGES][:1]
        if "SCREENSHOTS" in os.environ:
            folder, languages = ROOT / os.environ["SCREENSHOTS"], [*LANGUAGES]
            take_pictures(visit, folder)
        for language in languages:
            take_moving_picture(visit, language, folder / f"ten-seconds-{language}.webp")
            check_moving_picture(folder / f"ten-seconds-{language}.webp")


def goes_back(visit: Visitor, visitor: Visit, own_list: str) -> None:
    """Return to the model of before, whose list is shown then, use the newer list anyway, and decline it in the end."""
    page, list_name = visitor.page, visitor.page.get_by_test_id("stSidebar")
    expect(list_name).to_contain_text("Your playlist: playlist (")
    visitor.open("model")
    page.locator(".st-key-model_back button").click()
    page.get_by_role("dialog").get_by_text("becomes your playlist").wait_for()
    page.locator(".st-key-model_confirm button").click()
    expect(list_name).to_contain_text(f"Your playlist: {own_list} (")
    visitor.open("explore")
    page.get_by_text(f"“{own_list}” has").wait_for()
    expect(page.get_by_text("is not in use:")).to_contain_text("“playlist”")
    for language in LANGUAGES:
        other = visit(language)
        thinner = other.page.locator(".st-key-newer [data-testid=stAlertContainer]")
        expect(thinner, "Streamlit has renamed a part that our CSS selects").to_be_visible()
        assert other.shows_all_sliders_on_a_small_laptop()
    page.locator(".st-key-newer_use button").click()
    expect(list_name).to_contain_text("Your playlist: playlist (")

    phone = visit("es", PHONE).open("model").page
    phone.locator(".st-key-model_back button").click()
    phone.get_by_role("dialog").get_by_text("pasa a ser tu lista").wait_for()
    phone.locator(".st-key-model_confirm button").click()
    proposal = phone.get_by_text("más reciente sin usar")
    proposal.wait_for()
    phone.locator(".st-key-newer_keep button").click()
    expect(proposal).to_have_count(0)

    visitor.open("pipeline").open("explore")
    page.get_by_text(f"“{own_list}” has").wait_for()
    assert not page.get_by_text("is not in use:").count()


def test_a_step_that_was_never_reached_says_so(visit: Visitor, environment: dict[str, str]) -> None:
    headers = {"X-API-Key": environment["API_KEY"]}
    with httpx.Client(base_url=environment["FASTAPI_URL"], headers=headers, timeout=60) as rest:
        started = rest.post("/pipeline/runs", json={"source": "incoming/nothing.csv"})
        assert started.status_code == httpx.codes.ACCEPTED, started.text
        address = started.headers["Location"]
        wait_for(lambda: rest.get(address).json().get("state") == "failed", "the end of the run", LEARNING_MS / 1_000)
    for language in LANGUAGES:
        visitor = visit(language).open("pipeline")
        newest = visitor.page.get_by_test_id("stExpander").filter(has_text=visitor.locale("run_failed")).first
        newest.locator("summary").click()
        expect(newest.get_by_text(visitor.locale("step_unreached")).first).to_be_visible()
        expect(newest.get_by_text(visitor.locale("step_waiting"))).to_have_count(0)


def test_another_version_is_compared_and_declined(visit: Visitor, environment: dict[str, str]) -> None:
    with httpx.Client(base_url=environment["FASTAPI_URL"]) as rest:
        now = rest.get("/model").json()["version"]
        others = [found["version"] for found in rest.get("/model/versions").json() if found["version"] != now]
        if not others:
            pytest.skip("There is only one version: the tests of uploads register others.")
        visitor = visit("en").open("model")
        page, dialog = visitor.page, visitor.page.get_by_role("dialog")
        versions = page.locator(".st-key-model_version").get_by_role("combobox")
        # A list of options closes when the page scrolls, which a browser reports with the next frame.
        versions.evaluate("each => { each.scrollIntoView(); return new Promise(requestAnimationFrame); }")
        versions.click()
        page.get_by_role("option", name=f"{others[0]} · ").click()
        page.wait_for_url(re.compile(rf"[?&]version={others[0]}\b"))
        chosen = re.compile(rf"^{others[0]} · ")
        page.reload()
        expect(versions).to_have_value(chosen)
        page.go_back()
        expect(versions).to_have_value("")
        page.go_forward()
        expect(versions).to_have_value(chosen)
        visitor.settle()
        page.get_by_role("button", name=visitor.locale("model_use"), exact=True).click()
        for version in (now, others[0]):
            title = visitor.locale("model_version", version=version)
            expect(dialog.get_by_role("columnheader", name=title, exact=True)).to_be_visible()
        dialog.get_by_role("button", name=visitor.locale("model_confirm_no")).click()
        expect(dialog).to_have_count(0)
        visitor.settle()
        title = visitor.locale("model_version", version=now)
        expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
        assert rest.get("/model").json()["version"] == now


def test_a_file_that_is_no_playlist_is_rejected_with_the_reason(visit: Visitor, tmp_path: Path) -> None:
    visitor = visit("en").open("pipeline")
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("energy,label\n0.5,1\n7,0\n")
    visitor.page.locator("input[type=file]").set_input_files(wrong)
    visitor.page.get_by_text("is missing").first.wait_for()
    assert not visitor.page.get_by_role("button", name=visitor.locale("pipeline_upload")).count()
