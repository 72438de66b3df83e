"""The client of the service that knows features by Spotify's ids, asked at a fake one."""

import json
from collections.abc import Iterator
from threading import Thread

import pytest

from song_preference.dataset.features_api import ASKED_AT_ONCE, MOST_BYTES, FeaturesApi
from tests.support.datasets import MemoryObjects
from tests.support.features_service import FakeService, row
from tests.support.named_songs import spotify_id


@pytest.fixture
def service() -> FakeService:
    return FakeService()


@pytest.fixture
def objects() -> MemoryObjects:
    return MemoryObjects()


@pytest.fixture
def api(service: FakeService, objects: MemoryObjects) -> Iterator[FeaturesApi]:
    with service.running() as address:
        yield FeaturesApi(address, objects, total_seconds=5)


IDS = [spotify_id(number) for number in range(90)]


def test_songs_are_matched_by_their_link_whatever_the_order(api: FeaturesApi, service: FakeService) -> None:
    found = api.features([*IDS, spotify_id(500), *IDS[:3], "no id", "../../etc"])
    assert found == {spotify_id(number): (number % 100 / 100,) * 4 for number in range(90)}
    assert [len(ids) for ids in service.asked] == [ASKED_AT_ONCE, ASKED_AT_ONCE, 11]


def test_only_ids_are_sent_and_none_is_logged(
    api: FeaturesApi, service: FakeService, caplog: pytest.LogCaptureFixture
) -> None:
    service.rejections = [(200, {}), (500, {})]
    api.features(IDS[:80])
    (path, headers), _ = service.requests
    assert path.replace("%2C", ",") == f"/v1/audio-features?ids={','.join(IDS[:40])}"
    assert headers.pop("User-Agent").startswith("song-preference/")
    assert {name.lower() for name in headers} == {"accept", "accept-encoding", "connection", "host"}
    assert "40 songs stay unknown" in caplog.text
    assert not any(song_id in caplog.text for song_id in IDS)


def test_an_answer_is_kept_with_its_origin_and_not_asked_for_again(
    api: FeaturesApi, service: FakeService, objects: MemoryObjects
) -> None:
    first = api.features(IDS[:12])
    service.asked.clear()
    assert api.features(IDS[:13]).items() > first.items()
    assert service.asked == [[IDS[12]]]
    kept = json.loads(objects.contents[f"features/{api.host}/1.json"])
    assert kept["origin"] == f"http://{api.host}"
    assert set(kept["songs"]) == {IDS[1], IDS[11]}
    assert kept["songs"][IDS[11]]["energy"] == 0.11


@pytest.mark.parametrize("content", [b"{", b'{"origin": "x", "songs": {"a": {"energy": 7}}}', b"\xff"])
def test_what_was_kept_and_is_broken_is_asked_for_again(
    api: FeaturesApi, service: FakeService, objects: MemoryObjects, content: bytes
) -> None:
    objects.contents[f"features/{api.host}/1.json"] = content
    assert api.features(IDS[:2]).keys() == set(IDS[:2])
    assert json.loads(objects.contents[f"features/{api.host}/1.json"])["songs"].keys() == {IDS[1]}


def test_while_s3_is_away_nothing_is_asked_nor_found(
    api: FeaturesApi, service: FakeService, objects: MemoryObjects
) -> None:
    objects.is_down = True
    assert api.features(IDS) == {}
    assert service.asked == []


def test_files_are_asked_about_in_turn_and_no_answer_is_lost(
    api: FeaturesApi, service: FakeService, objects: MemoryObjects
) -> None:
    threads = [Thread(target=api.features, args=(IDS[start::10],)) for start in (0, 0, 1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = [json.loads(content)["songs"] for content in objects.contents.values()]
    assert sorted(song_id for songs in kept for song_id in songs) == sorted(IDS[0::10] + IDS[1::10] + IDS[2::10])
    assert len(service.asked) == 3


def test_it_waits_as_long_as_the_service_wants(api: FeaturesApi, service: FakeService) -> None:
    service.rejections = [(429, {"Retry-After": "1"}), (429, {"Retry-After": "soon"})]
    assert len(api.features(IDS[:3])) == 3
    assert len(service.asked) == 3


@pytest.mark.parametrize(
    "rejection",
    [
        (500, {}),
        (403, {}),
        (429, {"Retry-After": "3600"}),
        (429, {"Retry-After": "Wed, 21 Oct 2099 07:28:00 GMT"}),
        (302, {"Location": "/"}),
    ],
)
def test_what_fails_is_not_found(api: FeaturesApi, service: FakeService, rejection: tuple[int, dict[str, str]]) -> None:
    service.rejections = [(200, {}), rejection]
    assert len(api.features(IDS)) == ASKED_AT_ONCE
    assert len(service.asked) == 2


@pytest.mark.parametrize("status", [400, 404, 413, 422])
def test_a_rejection_of_some_ids_leaves_the_others(api: FeaturesApi, service: FakeService, status: int) -> None:
    service.rejections = [(200, {}), (status, {})]
    assert api.features(IDS).keys() == {*IDS[:ASKED_AT_ONCE], *IDS[2 * ASKED_AT_ONCE :]}
    assert len(service.asked) == 3


@pytest.mark.parametrize("told", ["Wed, 21 Oct 2015 07:28:00 GMT", "Fri, 31 Feb 2099 99:99:99 GMT", "1 Jan 0001", "-1"])
def test_a_pause_that_is_over_or_no_date_is_short(api: FeaturesApi, service: FakeService, told: str) -> None:
    service.rejections = [(429, {"Retry-After": told})]
    assert len(api.features(IDS[:3])) == 3


def test_a_service_that_limits_for_ever_is_given_up(service: FakeService, objects: MemoryObjects) -> None:
    service.rejections = [(429, {"Retry-After": "0"})] * 100
    with service.running() as address:
        assert FeaturesApi(address, objects, total_seconds=1.5).features(IDS) == {}
    assert len(service.asked) <= 2


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b"[" * 100_000,
        b'{"content": {}}',
        b'{"content": [1, {"href": null}, {"href": "https://open.spotify.com/track/' + b"9" * 22 + b'"}]}',
        b'{"content": [' + b" " * MOST_BYTES + b"]}",
        json.dumps(
            {"content": [{**row(n), "energy": bad} for n, bad in enumerate((7, -1, None, True, "0.5"))]}
        ).encode(),
        json.dumps({"content": [{**row(0), "energy": 10**400}, {**row(1), "energy": float("nan")}]}).encode(),
    ],
)
def test_an_answer_of_another_form_finds_nothing(
    api: FeaturesApi, service: FakeService, objects: MemoryObjects, body: bytes
) -> None:
    service.body = body
    assert api.features(IDS[:5]) == {}
    assert objects.contents == {}


def test_a_service_that_is_not_there_finds_nothing(objects: MemoryObjects) -> None:
    assert FeaturesApi("http://127.0.0.1:9", objects).features(IDS) == {}
