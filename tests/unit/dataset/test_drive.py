"""gdown itself, against a server that answers as Google does."""

from pathlib import Path

import pytest

from song_preference.dataset.source import from_drive
from song_preference.dataset.transfer import Network
from song_preference.errors import InvalidDataset, SourceUnavailable
from tests.support.outside import Answer, Outside, breaks_off, gives, leads_to, waits

LINK = "https://drive.google.com/file/d/a-b_1"
SONGS = b"energy,label\n0.5,1\n"
DOWNLOAD = "https://drive.usercontent.google.com/download"
REMEDY = "check the connection, and that the file is shared with 'anyone with the link'."
A_PAGE = "it gave a page instead, to sign in or because the file was asked for too often"


def as_file(content: bytes, status: int = 200) -> Answer:
    disposition = 'attachment; filename="../../songs.csv"'
    return gives(content, status, Content_Type="text/csv", Content_Disposition=disposition)


def as_page(content: bytes, status: int = 200) -> Answer:
    return gives(content, status, Content_Type="text/html; charset=utf-8")


def get(folder: Path, network: Network | None = None) -> bytes:
    from_drive(LINK, folder / "raw.csv", 1000, network or Network(waits_seconds=(0, 0)))
    return (folder / "raw.csv").read_bytes()


def message_of(folder: Path, network: Network | None = None) -> str:
    with pytest.raises(SourceUnavailable) as rejected:
        get(folder, network)
    return str(rejected.value)


def test_a_shared_file_is_fetched(behind_proxy: Outside, tmp_path: Path) -> None:
    behind_proxy.answers |= {"/uc": [leads_to(f"{DOWNLOAD}?id=a-b_1")], "/download": [as_file(SONGS)]}
    assert get(tmp_path) == SONGS
    assert behind_proxy.asked == [
        ("drive.google.com", "/uc?id=a-b_1"),
        ("drive.usercontent.google.com", "/download?id=a-b_1"),
    ]


def test_a_file_too_large_for_googles_virus_scan_is_fetched(behind_proxy: Outside, tmp_path: Path) -> None:
    form = f'<form id="download-form" action="{DOWNLOAD}"><input type="hidden" name="confirm" value="t"></form>'
    behind_proxy.answers |= {"/uc": [as_page(form.encode())], "/download": [as_file(SONGS)]}
    assert get(tmp_path) == SONGS
    assert behind_proxy.asked[-1] == ("drive.usercontent.google.com", "/download?confirm=t")


def test_of_a_google_sheet_its_csv_export_is_fetched(behind_proxy: Outside, tmp_path: Path) -> None:
    sheet = "/spreadsheets/d/a-b_1"
    behind_proxy.answers |= {
        "/uc": [as_page(b"<html>Error</html>", 500)],
        "/open": [leads_to(f"https://docs.google.com{sheet}/edit")],
        f"{sheet}/edit": [as_page(b"<html>Google Sheets</html>")],
        f"{sheet}/export": [as_file(SONGS)],
    }
    assert get(tmp_path) == SONGS
    assert behind_proxy.asked[-1] == ("docs.google.com", f"{sheet}/export?format=csv")


@pytest.mark.parametrize(
    "answer",
    [
        as_page(b"<html>Sign in</html>"),
        as_page(b'<p class="uc-error-subcaption">Too many users have viewed this file</p>'),
        as_page(b"<html>Sorry</html>", 429),
        as_file(b"\n<html>Sign in</html>"),
    ],
    ids=["sign in", "quota", "too many", "a page as the file"],
)
def test_a_page_instead_of_the_file_is_told_with_what_to_do(
    answer: Answer, behind_proxy: Outside, tmp_path: Path
) -> None:
    behind_proxy.answers["/uc"] = [answer]
    assert message_of(tmp_path) == f"Google Drive did not give the file behind '{LINK}' ({A_PAGE}): {REMEDY}"


def test_what_is_too_large_is_rejected(behind_proxy: Outside, tmp_path: Path) -> None:
    behind_proxy.answers["/uc"] = [as_file(b"0" * 1001)]
    with pytest.raises(InvalidDataset, match="MAX_DATASET_BYTES"):
        get(tmp_path)
    assert len(behind_proxy.asked) == 1


def test_what_may_pass_is_tried_again(behind_proxy: Outside, tmp_path: Path) -> None:
    behind_proxy.answers["/uc"] = [
        as_page(b"<html>Busy</html>", 503),
        as_file(b"", 503),
        as_file(SONGS),
    ]
    assert get(tmp_path) == SONGS


def test_what_will_not_pass_is_tried_once(behind_proxy: Outside, tmp_path: Path) -> None:
    behind_proxy.answers["/uc"] = [as_file(b"", 404)]
    assert message_of(tmp_path) == f"Google Drive did not give the file behind '{LINK}' (HTTPError): {REMEDY}"
    assert len(behind_proxy.asked) == 1


def test_a_file_that_breaks_off_is_not_kept(behind_proxy: Outside, tmp_path: Path) -> None:
    behind_proxy.answers["/uc"] = [breaks_off]
    assert "did not give the file" in message_of(tmp_path)
    assert not (tmp_path / "raw.csv").exists()


def test_an_answer_that_gdown_does_not_know_is_told(behind_proxy: Outside, tmp_path: Path) -> None:
    behind_proxy.answers["/uc"] = [gives(b"energy\n")]
    assert "(KeyError)" in message_of(tmp_path)


def test_a_folder_that_cannot_be_written_to_is_not_googles_fault(behind_proxy: Outside, tmp_path: Path) -> None:
    behind_proxy.answers |= {"/uc": [leads_to(f"{DOWNLOAD}?id=a-b_1")], "/download": [as_file(SONGS)]}
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        get(tmp_path / "file")


def test_google_is_not_waited_for_beyond_the_total_time(behind_proxy: Outside, tmp_path: Path) -> None:
    behind_proxy.answers["/uc"] = [waits]
    assert "(it is too slow)" in message_of(tmp_path, Network(most_seconds=0))
