"""How the parts of a catalogue are shared out."""

import pytest

from song_preference.catalogue.scoring import shares
from song_preference.catalogue.version import Part


@pytest.mark.parametrize("least", [0.5, 100, 100.1, 233.3, 250, 300, 699, 10_000])
@pytest.mark.parametrize("sizes", [[7], [100] * 7, [100] * 6 + [1], [100] * 20 + [99]])
@pytest.mark.parametrize("most", [1, 4, 1024])
def test_every_share_is_work_enough_or_there_is_one(sizes: list[int], least: float, most: int) -> None:
    parts = [Part(name=f"part-{number:05}.parquet", songs=songs) for number, songs in enumerate(sizes)]
    groups = shares(parts, least, most)
    assert [part for group in groups for part in group] == parts
    assert len(groups) <= most
    assert len(groups) == 1 or all(sum(part.songs for part in group) >= least for group in groups)


def test_there_are_as_many_shares_as_fit() -> None:
    parts = [Part(name=str(number), songs=100) for number in range(7)]
    assert [[len(group) for group in shares(parts, least, 1024)] for least in (100, 150, 233.4, 350)] == [
        *([1] * 7, [2, 2, 3], [3, 4], [7]),
    ]
