import json

import pytest

from song_preference.dataset import version as version_module
from song_preference.dataset.version import Parameters, Source, version_of
from song_preference.messages import Message
from tests.support.datasets import described

SPLIT = Parameters(test_size=0.3, seed=42)


def source(**values: object) -> Source:
    return described().source.model_copy(update=values)


def test_a_name_is_of_content_parameters_and_way_of_preparing(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [
        version_of("a", SPLIT),
        version_of("b", SPLIT),
        version_of("a", Parameters(test_size=0.2, seed=42)),
        version_of("a", Parameters(test_size=0.3, seed=43)),
    ]
    assert version_of("a", SPLIT) == names[0]
    monkeypatch.setattr(version_module, "PREPARATION", version_module.PREPARATION + 1)
    names.append(version_of("a", SPLIT))
    assert len(set(names)) == 5
    assert all(len(name) == 12 and int(name, 16) >= 0 for name in names)


def test_tags_say_where_the_songs_come_from_and_why_the_sample_stands_in() -> None:
    assert source(kind="drive").tags == {"source_kind": "drive"}
    reason = Message("source_does_not_answer", {"source": "x"})
    tags = source(kind="sample", fallback_reason="It is away.", fallback=reason).tags
    assert tags["fallback_reason"] == "It is away."
    assert (tags["fallback_code"], json.loads(tags["fallback_params"])) == (reason.code, reason.params)


def test_a_reason_without_a_code_is_shown_as_it_was_stored() -> None:
    of_before = source(fallback_reason="It is away.", fallback=Message(None, english="It is away."))
    assert "fallback_code" not in of_before.tags
    assert source().fallback_message() is None
    only_text = source(fallback_reason="It is away.").fallback_message()
    assert only_text is not None
    assert only_text.text("es") == "It is away."


def test_notes_of_a_dataset_of_before_are_its_readings() -> None:
    before = described().preparation.model_copy(update={"readings": ["one thing is another"]})
    assert [note.text("es") for note in before.notes()] == ["one thing is another"]
    note = Message("index_column_left_out").stored()
    now = before.model_copy(update={"normalisations": [note]})
    assert now.notes() == [note]
