"""Playlists of two files."""

import io
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from song_preference.dataset import sample
from song_preference.dataset.prepare import Prepared, prepare
from song_preference.errors import InvalidDataset
from song_preference.features import FEATURES, LABEL
from song_preference.song_table.playlist import first_rows_of, pack
from tests.support.playlists import as_csv

NAMES = [
    ("liked.csv", "disliked.csv"),
    ("my/Liked Songs.csv", "my/Disliked Songs.tsv"),
    ("Me gusta.txt", "No me gusta.txt"),
    ("likes.json", "not liked.json"),
    ("LOVED.csv", "hated.csv"),
    ("mine/liked/songs.csv", "mine/disliked/songs.csv"),
    ("disliked no more/good.csv", "disliked no more/bad.csv"),
    ("Sí.csv", "No.csv"),
    ("favoritas.csv", "odiadas.csv"),
]


@pytest.fixture(scope="module")
def songs() -> pd.DataFrame:
    return sample.bundled().head(80).assign(title=[f"Song {number}" for number in range(80)])


@pytest.fixture(scope="module")
def halves(songs: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The liked and the disliked songs, without labels."""
    unlabelled = songs.drop(columns=LABEL)
    return unlabelled[songs[LABEL] == 1], unlabelled[songs[LABEL] == 0]


def zipped(**files: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        for name, file in files.items():
            packed.writestr(name, file)
    return content.getvalue()


def prepared(folder: Path, content: bytes) -> Prepared:
    path = folder / "playlist"
    path.write_bytes(content)
    return prepare(path, folder, max_bytes=10**7)


@pytest.mark.parametrize(("liked", "disliked"), NAMES)
def test_the_label_of_a_song_comes_from_its_file(
    liked: str, disliked: str, songs: pd.DataFrame, halves: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path
) -> None:
    likes, dislikes = halves
    found = prepared(tmp_path, zipped(**{disliked: as_csv(dislikes), liked: as_csv(likes)}))
    labels = pd.read_parquet(found.scaled).set_index("title")[LABEL]
    assert labels.to_dict() == songs.set_index("title")[LABEL].to_dict()
    assert (found.report.likes, found.report.dislikes) == (len(likes), len(dislikes))


def test_what_lies_beside_the_two_files_is_no_table(halves: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path) -> None:
    likes, dislikes = halves
    files = {"liked.csv": as_csv(likes), "disliked.csv": as_csv(dislikes), "._liked.csv": b"", "README.txt": b"Mine."}
    assert prepared(tmp_path, zipped(**files)).report.likes == len(likes)


def test_each_file_has_its_own_format_columns_and_scale(
    songs: pd.DataFrame, halves: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path
) -> None:
    likes, dislikes = halves
    percent = likes.assign(**{name: likes[name] * 100 for name in FEATURES}).drop(columns="tempo").assign(mood="calm")
    dislikes_json = dislikes.to_json(orient="records").encode()
    found = prepared(tmp_path, zipped(**{"likes.csv": as_csv(percent), "dislikes.json": dislikes_json}))
    read = pd.read_parquet(found.scaled).set_index("title")
    expected = songs.set_index("title").loc[read.index]
    for name in FEATURES:
        assert read[name].tolist() == pytest.approx(expected[name].tolist(), abs=1e-6)
    assert read["mood"].dropna().unique().tolist() == ["calm"]
    assert read["tempo"].isna().sum() == len(likes)
    assert "likes.csv: the four features were in percent and are divided by 100" in found.report.readings


def test_a_label_column_is_not_believed_and_noted(
    songs: pd.DataFrame, halves: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path
) -> None:
    likes, dislikes = halves
    found = prepared(
        tmp_path, zipped(**{"liked.csv": as_csv(likes.assign(Liked="no")), "disliked.csv": as_csv(dislikes)})
    )
    assert (found.report.likes, found.report.dislikes) == (len(likes), len(dislikes))
    assert "liked.csv: the label comes from the file and not from the column liked" in found.report.readings


def test_rows_are_named_with_their_file(halves: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path) -> None:
    likes, dislikes = halves
    broken = dislikes.astype({"energy": object}).copy()
    broken.loc[broken.index[3], "energy"] = "loud"
    found = prepared(tmp_path, zipped(**{"liked.csv": as_csv(likes), "disliked.csv": as_csv(broken)}))
    note = "rows left out: 1 (disliked.csv: column 'energy' must be a number (1 row: 5))"
    assert note in found.report.readings
    assert found.report.rows_left_out == 1


def test_songs_in_both_files_are_left_out(halves: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path) -> None:
    likes, dislikes = halves
    both = pd.concat([dislikes, likes.head(2)])
    found = prepared(tmp_path, zipped(**{"liked.csv": as_csv(likes), "disliked.csv": as_csv(both)}))
    assert (found.report.likes, found.report.dislikes) == (len(likes) - 2, len(dislikes))


def test_what_is_wrong_with_one_file_is_said_with_its_name(
    halves: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path
) -> None:
    with pytest.raises(InvalidDataset, match=r"disliked\.csv: the file is empty"):
        prepared(tmp_path, zipped(**{"liked.csv": as_csv(halves[0]), "disliked.csv": b""}))


def test_both_files_together_are_bounded(halves: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path) -> None:
    content = zipped(**{"liked.csv": as_csv(halves[0]), "disliked.csv": as_csv(halves[1])})
    path = tmp_path / "playlist"
    path.write_bytes(content)
    with pytest.raises(InvalidDataset, match="once unpacked"):
        prepare(path, tmp_path, max_bytes=len(as_csv(halves[0])) + 10)


def test_two_packed_files_are_the_same_zip_every_time(
    halves: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path
) -> None:
    liked, disliked = halves[0].to_json(orient="records").encode(), as_csv(halves[1])
    first, second = tmp_path / "first", tmp_path / "second"
    for path in (first, second):
        pack({"liked": io.BytesIO(liked), "disliked": io.BytesIO(disliked)}, path)
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as packed:
        assert {name: packed.read(name) for name in packed.namelist()} == {
            "liked.json": liked,
            "disliked.csv": disliked,
        }


def test_the_first_rows_are_those_of_both_files(halves: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path) -> None:
    path = tmp_path / "playlist"
    path.write_bytes(zipped(**{"liked.csv": as_csv(halves[0]), "disliked.csv": as_csv(halves[1])}))
    titles = [row["title"] for row in first_rows_of(path, tmp_path, 3)]
    assert titles == [*halves[0]["title"].head(2), halves[1]["title"].iloc[0]]


MISSING = ["duration", "tempo", "loudness"]


def missed(found: Prepared) -> list[str]:
    return [note for note in found.report.readings if "not in the file" in note]


def test_columns_that_a_dataset_has_are_missed_in_a_file_with_labels(songs: pd.DataFrame, tmp_path: Path) -> None:
    note = "not in the file, and not needed by the model: "
    assert missed(prepared(tmp_path, as_csv(songs))) == []
    assert missed(prepared(tmp_path, as_csv(songs.drop(columns="tempo")))) == [f"{note}tempo"]
    assert missed(prepared(tmp_path, as_csv(songs.drop(columns=MISSING)))) == [f"{note}duration, tempo, loudness"]


def test_columns_that_a_dataset_has_are_missed_in_each_of_two_files(
    halves: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path
) -> None:
    likes, dislikes = halves
    files = {"liked.csv": as_csv(likes.drop(columns="tempo")), "disliked.csv": as_csv(dislikes.drop(columns=MISSING))}
    note = "not in the file, and not needed by the model: "
    assert missed(prepared(tmp_path, zipped(**files))) == [
        f"liked.csv: {note}tempo",
        f"disliked.csv: {note}duration, tempo, loudness",
    ]
