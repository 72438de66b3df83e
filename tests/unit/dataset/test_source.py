import os
from pathlib import Path

import pytest

from song_preference.dataset import source as source_module
from song_preference.dataset.source import Location, fetch, locate
from song_preference.dataset.transfer import Network, shown
from song_preference.errors import InvalidDataset, SourceRejected, SourceUnavailable
from song_preference.settings import DatasetSettings
from song_preference.storage import ObjectStore
from tests.support.outside import Outside, gives

ANYBODY = "Name a Google Drive link, a public https URL, s3://<data bucket>/incoming/<file> or incoming/<file>."
OPERATOR = "Name a Google Drive link, an https URL, s3://<data bucket>/<key>, a path or 'sample'."

UNSEEN = "it is empty, longer than 4096 characters, or holds characters that cannot be seen"
SCHEME = "its scheme is none that we know"
NO_HTTPS = "it is a link that does not start with https://: write https://..."
NO_URL = "it is no https URL"
ADDRESS = "its address is not public"
HOST = "its host is not public"
CREDENTIALS = "it holds a user name or a password"
NO_ID = "there is no file id in the Google Drive link: copy it from 'Share > Copy link'"
BUCKET = "it is not s3://data/<key>: copy the file into that bucket"
KEY = "it is not below s3://data/incoming/"
NO_FILE = "it is no file below incoming/"

SHEET = "https://docs.google.com/spreadsheets/d/1-a_B/export"

HOSTILE = {
    "": UNSEEN,
    " ": UNSEEN,
    "incoming/a\0.csv": UNSEEN,
    "https://example.com/\r\nHost: inside": UNSEEN,
    "https://example.com/\u202ea.csv": UNSEEN,
    "http://example.com/a.csv": NO_HTTPS,
    "HTTP://drive.google.com/file/d/AAAA_bbbb-1/view": NO_HTTPS,
    "drive.google.com/file/d/AAAA_bbbb-1/view": NO_HTTPS,
    "docs.google.com:443/spreadsheets/d/1a/edit": NO_HTTPS,
    "www.example.com": NO_HTTPS,
    "Example.com/songs.csv": NO_HTTPS,
    "ftp://example.com/a.csv": SCHEME,
    "file:///etc/passwd": SCHEME,
    "data:text/csv,energy": SCHEME,
    "gopher://127.0.0.1:6379/_FLUSHALL": SCHEME,
    "javascript:alert(1)": SCHEME,
    "C:\\Windows\\win.ini": SCHEME,
    "https:": NO_URL,
    "https:example.com": NO_URL,
    "https:///a.csv": NO_URL,
    "https://example.com:99999/": NO_URL,
    "https://example.com:port/": NO_URL,
    "https://[1.2.3.4]/": NO_URL,
    "https://\uff11\uff12\uff17.0.0.1/": NO_URL,
    "https://0177.0.0.1/": NO_URL,
    "https://localhost/a.csv": HOST,
    "https://LOCALHOST./a.csv": HOST,
    "https://a.localhost/a.csv": HOST,
    "https://minio:9000/data/a.csv": HOST,
    "https://127.0.0.1/": ADDRESS,
    "https://127.1/": ADDRESS,
    "https://127。0。0。1/": ADDRESS,
    "https://2130706433/": ADDRESS,
    "https://0x7f000001/": ADDRESS,
    "https://0x7f.1/": ADDRESS,
    "https://017700000001/": ADDRESS,
    "https://0/": ADDRESS,
    "https://0.0.0.0/": ADDRESS,
    "https://10.1.2.3/": ADDRESS,
    "https://172.16.0.1/": ADDRESS,
    "https://192.168.1.1/": ADDRESS,
    "https://100.64.0.1/": ADDRESS,
    "https://169.254.169.254/latest/meta-data/": ADDRESS,
    "https://224.0.0.1/": ADDRESS,
    "https://255.255.255.255/": ADDRESS,
    "https://[::1]/": ADDRESS,
    "https://[::]/": ADDRESS,
    "https://[::ffff:127.0.0.1]/": ADDRESS,
    "https://[::ffff:7f00:1]/": ADDRESS,
    "https://[64:ff9b::7f00:1]/": ADDRESS,
    "https://[2002:7f00:1::]/": ADDRESS,
    "https://[fe80::1]/": ADDRESS,
    "https://[fc00::1]/": ADDRESS,
    "https://example.com\\@127.0.0.1/": CREDENTIALS,
    "https://user:pass@example.com/": CREDENTIALS,
    "https://drive.google.com/": NO_ID,
    "https://drive.google.com/drive/folders/abc": NO_ID,
    "https://drive.google.com/open?id=../a": NO_ID,
    "s3://": BUCKET,
    "s3://data": BUCKET,
    "s3://data/": BUCKET,
    "s3://mlflow/incoming/a.csv": BUCKET,
    "s3://data.example.com/incoming/a.csv": BUCKET,
    "S3://data/incoming/a.csv": BUCKET,
    "s3://data/datasets/latest.json": KEY,
    "s3://data/incoming": KEY,
    "s3://data/incoming/": KEY,
    "s3://data/incoming2/a.csv": KEY,
    "s3://data//incoming/a.csv": KEY,
    "s3://data/incoming/../datasets/latest.json": KEY,
    "s3://data/incoming/./a.csv": KEY,
    "s3://data/incoming//a.csv": KEY,
    "sample": "the sample stands in by itself where there is no playlist",
    "/etc/passwd": NO_FILE,
    "/dev/zero": NO_FILE,
    "a.csv": NO_FILE,
    "~/a.csv": NO_FILE,
    ".": NO_FILE,
    "/": NO_FILE,
    "incoming": NO_FILE,
    "incoming/": NO_FILE,
    "incoming/.": NO_FILE,
    "incoming/..": NO_FILE,
    "incoming/../a.csv": NO_FILE,
    "incoming/x/../a.csv": NO_FILE,
    "/incoming/../../etc/passwd": NO_FILE,
    "incoming//etc/passwd": NO_FILE,
    "incoming2/a.csv": NO_FILE,
    "incoming/leads-out": NO_FILE,
    "incoming/leads-out/passwd": NO_FILE,
    "incoming/leads-nowhere": NO_FILE,
    "incoming/leads-to-itself": NO_FILE,
}


@pytest.fixture
def settings(tmp_path: Path) -> DatasetSettings:
    """The folder holds a playlist, and links of all kinds."""
    incoming = tmp_path / "handed in"
    (incoming / "sub").mkdir(parents=True)
    (incoming / "a.csv").write_bytes(b"energy\n0.5\n")
    (incoming / "leads-inside").symlink_to("a.csv")
    (incoming / "leads-out").symlink_to("/etc")
    (incoming / "leads-nowhere").symlink_to(tmp_path / "none")
    (incoming / "leads-to-itself").symlink_to("leads-to-itself")
    return DatasetSettings.model_construct(source="sample", max_bytes=100_000, incoming=incoming)


@pytest.fixture
def no_objects() -> ObjectStore:
    """For sources that need no S3."""
    return ObjectStore(None, "data")  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "NETWORK", Network(waits_seconds=(0, 0)))


@pytest.mark.parametrize(("source", "reason"), HOSTILE.items())
def test_what_a_stranger_may_not_name_is_rejected_with_what_they_may(
    source: str, reason: str, settings: DatasetSettings, no_objects: ObjectStore, tmp_path: Path
) -> None:
    with pytest.raises(SourceRejected) as rejected:
        locate(source, "data", settings, trusted=False)
    assert str(rejected.value) == f"The source '{shown(source)}' is rejected: {reason}. {ANYBODY}"
    with pytest.raises(SourceRejected):
        fetch(source, tmp_path / "raw.csv", no_objects, settings, trusted=False)
    assert not (tmp_path / "raw.csv").exists()


def test_a_very_long_name_is_rejected_in_few_words(settings: DatasetSettings) -> None:
    with pytest.raises(SourceRejected) as rejected:
        locate(f"https://example.com/{'a' * 5000}", "data", settings, trusted=False)
    assert str(rejected.value) == f"The source 'https://example.com/{'a' * 180}...' is rejected: {UNSEEN}. {ANYBODY}"


@pytest.mark.parametrize(
    ("source", "kind", "at"),
    [
        ("https://drive.google.com/file/d/1a-B_c", "drive", "https://drive.google.com/file/d/1a-B_c"),
        ("https://drive.google.com/file/d/1a/view?usp=sharing", "drive", "https://drive.google.com/file/d/1a"),
        ("HTTPS://docs.google.com/uc?export=download&id=1a", "drive", "https://drive.google.com/file/d/1a"),
        (
            "https://docs.google.com/spreadsheets/d/e/1a/pub?output=csv",
            "https",
            "https://docs.google.com/spreadsheets/d/e/1a/pub?output=csv",
        ),
        (
            "https://docs.google.com/spreadsheets/d/e/1a/pubhtml",
            "https",
            "https://docs.google.com/spreadsheets/d/e/1a/pub?output=csv",
        ),
        (
            "https://docs.google.com/spreadsheets/d/e/1a/pub?gid=7&single=true&output=xlsx",
            "https",
            "https://docs.google.com/spreadsheets/d/e/1a/pub?output=csv&gid=7&single=true",
        ),
        (" https://drive.google.com/file/d/1a/view\n", "drive", "https://drive.google.com/file/d/1a"),
        ("https://drive.google.com/open?id=1a", "drive", "https://drive.google.com/file/d/1a"),
        ("https://drive.google.com/uc?export=download&id=1a;", "drive", "https://drive.google.com/file/d/1a"),
        ("https://docs.google.com/spreadsheets/d/1-a_B/edit?usp=sharing", "https", f"{SHEET}?format=csv"),
        ("https://docs.google.com/spreadsheets/u/0/d/1-a_B/", "https", f"{SHEET}?format=csv"),
        ("https://docs.google.com/spreadsheets/d/1-a_B/edit#gid=7", "https", f"{SHEET}?format=csv&gid=7"),
        ("https://docs.google.com/spreadsheets/d/1-a_B/edit?gid=7#gid=7", "https", f"{SHEET}?format=csv&gid=7"),
        (f"{SHEET}?format=csv", "https", f"{SHEET}?format=csv"),
        ("https://example.com/my songs.csv", "https", "https://example.com/my songs.csv"),
        ("https://example.com:8443/a.csv?key=1", "https", "https://example.com:8443/a.csv?key=1"),
        ("https://8.8.8.8/a.csv", "https", "https://8.8.8.8/a.csv"),
        ("s3://data/incoming/a.csv", "s3", "s3://data/incoming/a.csv"),
        ("s3://data/incoming/Ana/mis canciones.csv", "s3", "s3://data/incoming/Ana/mis canciones.csv"),
    ],
)
def test_what_anybody_may_name(source: str, kind: str, at: str, settings: DatasetSettings) -> None:
    for trusted in (False, True):
        assert locate(source, "data", settings, trusted=trusted) == (kind, at)


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("incoming/a.csv", "a.csv"),
        ("/incoming/a.csv", "a.csv"),
        (" incoming/a.csv\n", "a.csv"),
        ("{folder}/a.csv", "a.csv"),
        ("incoming/sub/canción ..csv", "sub/canción ..csv"),
        ("incoming/leads-inside", "a.csv"),
        ("incoming/not-there-yet.csv", "not-there-yet.csv"),
    ],
)
def test_what_lies_in_the_folder_may_be_named_by_its_usual_name(
    source: str, path: str, settings: DatasetSettings
) -> None:
    named = source.format(folder=settings.incoming)
    assert locate(named, "data", settings, trusted=False) == ("file", str(settings.incoming / path))


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("sample", "sample"),
        ("/etc/passwd", "file"),
        ("../a.csv", "file"),
        ("s3://data/datasets/x/raw.csv", "s3"),
        ("https://minio:9000/data/a.csv", "https"),
        ("https://user:pass@10.0.0.1/a.csv", "https"),
    ],
)
def test_what_only_the_operator_may_name(source: str, kind: str, settings: DatasetSettings) -> None:
    assert locate(source, "data", settings, trusted=True) == Location(kind, source)  # type: ignore[arg-type]
    with pytest.raises(SourceRejected):
        locate(source, "data", settings, trusted=False)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (source, reason)
        for source, reason in HOSTILE.items()
        if reason in {UNSEEN, SCHEME, NO_HTTPS, NO_URL, NO_ID, BUCKET}
    ],
)
def test_what_nobody_may_name(source: str, reason: str, settings: DatasetSettings) -> None:
    with pytest.raises(SourceRejected) as rejected:
        locate(source, "data", settings, trusted=True)
    is_local = source.startswith(("incoming/", "file:"))
    named = shown(source.rpartition("/")[2] if is_local else source)
    assert str(rejected.value) == f"The source '{named}' is rejected: {reason}. {OPERATOR}"


def test_a_file_is_copied_with_its_checksum(tmp_path: Path, settings: DatasetSettings, no_objects: ObjectStore) -> None:
    playlist = tmp_path / "playlist.csv"
    playlist.write_bytes(b"abc")
    source = fetch(str(playlist), tmp_path / "raw.csv", no_objects, settings, trusted=True)
    assert (tmp_path / "raw.csv").read_bytes() == b"abc"
    assert source.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert (source.kind, source.uri, source.size_bytes) == ("file", "playlist.csv", 3)


def test_a_stranger_gets_the_file_that_was_handed_in(
    tmp_path: Path, settings: DatasetSettings, no_objects: ObjectStore
) -> None:
    source = fetch("incoming/a.csv", tmp_path / "raw.csv", no_objects, settings, trusted=False)
    assert (tmp_path / "raw.csv").read_bytes() == b"energy\n0.5\n"
    assert source.uri == "a.csv"


def test_the_sample_needs_no_file(tmp_path: Path, settings: DatasetSettings, no_objects: ObjectStore) -> None:
    assert fetch("sample", tmp_path / "raw.csv", no_objects, settings, trusted=True).kind == "sample"


def test_a_file_larger_than_allowed_is_rejected(
    tmp_path: Path, settings: DatasetSettings, no_objects: ObjectStore
) -> None:
    (settings.incoming / "a.csv").write_bytes(b"0" * 100_001)
    with pytest.raises(InvalidDataset, match=r"larger than 100,000 bytes \(MAX_DATASET_BYTES"):
        fetch("incoming/a.csv", tmp_path / "raw.csv", no_objects, settings, trusted=False)


@pytest.mark.parametrize("trusted", [True, False])
def test_only_regular_files_are_read(
    trusted: bool, tmp_path: Path, settings: DatasetSettings, no_objects: ObjectStore
) -> None:
    os.mkfifo(settings.incoming / "pipe")
    for name, reason in {
        "pipe": "it is no regular file",
        "sub": "it is no regular file",
        "none.csv": "there is no such file",
        "a.csv/b.csv": "there is no such file",
    }.items():
        source = str(settings.incoming / name)
        with pytest.raises(SourceRejected) as rejected:
            fetch(source, tmp_path / "raw.csv", no_objects, settings, trusted=trusted)
        named = Path(name).name if trusted else shown(source)
        assert str(rejected.value) == (
            f"The source '{named}' is rejected: {reason}. {OPERATOR if trusted else ANYBODY}"
        )


@pytest.mark.parametrize("name", ["none.csv", "sub", "a" * 300])
def test_nobody_is_told_in_which_folder_an_operator_keeps_a_playlist(
    name: str,
    tmp_path: Path,
    settings: DatasetSettings,
    no_objects: ObjectStore,
    caplog: pytest.LogCaptureFixture,
) -> None:
    source = str(settings.incoming / name)
    with caplog.at_level("INFO"), pytest.raises((SourceRejected, SourceUnavailable)) as raised:
        fetch(source, tmp_path / "raw.csv", no_objects, settings, trusted=True)
    assert f"'{shown(name)}'" in str(raised.value)
    assert str(tmp_path) not in str(raised.value)
    assert str(tmp_path) in caplog.text


@pytest.mark.parametrize("name", ["none.csv", "sub", "a" * 300])
def test_a_stranger_is_told_no_path_but_the_one_they_wrote(
    name: str, tmp_path: Path, settings: DatasetSettings, no_objects: ObjectStore
) -> None:
    with pytest.raises((SourceRejected, SourceUnavailable)) as raised:
        fetch(f"incoming/{name}", tmp_path / "raw.csv", no_objects, settings, trusted=False)
    assert f"'{shown(f'incoming/{name}')}'" in str(raised.value)
    assert str(tmp_path) not in str(raised.value)


def test_a_full_disk_here_is_not_the_source_s_fault(settings: DatasetSettings, no_objects: ObjectStore) -> None:
    with pytest.raises(OSError, match="No space left on device"):
        fetch("incoming/a.csv", Path("/dev/full"), no_objects, settings, trusted=False)


def test_a_page_is_not_kept(tmp_path: Path, settings: DatasetSettings, no_objects: ObjectStore) -> None:
    (settings.incoming / "a.csv").write_bytes(b"<html>")
    with pytest.raises(InvalidDataset, match="the file is an HTML page"):
        fetch("incoming/a.csv", tmp_path / "raw.csv", no_objects, settings, trusted=False)


def test_an_https_source_is_recorded_without_its_secrets(
    outside: Outside, tmp_path: Path, settings: DatasetSettings, no_objects: ObjectStore
) -> None:
    outside.answers["/a.csv"] = [gives(b"energy\n0.5\n")]
    url = f"https://user:secret@localhost:{outside.port}/a.csv?token=hidden"
    source = fetch(url, tmp_path / "raw.csv", no_objects, settings, trusted=True)
    assert (source.kind, source.uri) == ("https", f"https://localhost:{outside.port}/a.csv?...")


def test_a_stranger_is_not_led_inside_by_a_name(
    outside: Outside,
    tmp_path: Path,
    settings: DatasetSettings,
    no_objects: ObjectStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = Network(resolve=lambda *_, **__: [(None, None, None, "", ("127.0.0.1", outside.port))])
    monkeypatch.setattr(source_module, "NETWORK", network)
    url = f"https://playlists.example:{outside.port}/a.csv"
    with pytest.raises(SourceRejected) as rejected:
        fetch(url, tmp_path / "raw.csv", no_objects, settings, trusted=False)
    reason = "its host has an address that is not public"
    assert str(rejected.value) == f"The source '{url}' is rejected: {reason}. {ANYBODY}"
    assert outside.asked == []


@pytest.fixture
def nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every connection goes through a proxy that is not there."""
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")


@pytest.mark.usefixtures("nobody_answers")
@pytest.mark.parametrize("source", ["https://drive.google.com/file/d/abc", "https://example.com/playlist.csv"])
def test_a_host_that_does_not_answer_is_unavailable(
    source: str, tmp_path: Path, settings: DatasetSettings, no_objects: ObjectStore
) -> None:
    with pytest.raises(SourceUnavailable, match=source):
        fetch(source, tmp_path / "raw.csv", no_objects, settings, trusted=True)
