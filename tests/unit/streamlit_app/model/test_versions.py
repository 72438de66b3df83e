from dataclasses import replace
from datetime import UTC, datetime

from song_preference.messages import Message
from song_preference.serving.versions import DescribedVersion, Measured, RegisteredVersion
from streamlit_app.i18n import Locale
from streamlit_app.model import versions
from tests.support.dashboard import TEXTS

SPANISH, ENGLISH = Locale("es", TEXTS), Locale("en", TEXTS)

CREATED = datetime(2026, 11, 25, 10, tzinfo=UTC)
AUC = Measured(0.889, 0.845, 0.932)


def version(number: str, *aliases: str, measured: Measured | None = AUC) -> DescribedVersion:
    registered = RegisteredVersion(number, CREATED, aliases, "abc", "file", 0.889)
    return DescribedVersion(
        registered, "run", "extra_trees", 0.5, {"roc_auc": measured} if measured else {}, Message(None)
    )


def test_champion_is_whoever_has_the_alias_that_is_served() -> None:
    found = [version("3", "champion"), version("2", "challenger"), version("1", "proven", "old")]
    roles = versions.in_roles(found, "proven")
    assert {role: item.registered.version for role, item in roles.items()} == {"champion": "1", "challenger": "2"}
    assert list(roles) == ["champion", "challenger"]
    assert versions.rows(found, roles, ENGLISH)["role"].tolist() == ["other", "challenger", "champion"]
    assert versions.in_roles([], "champion") == {}


def test_an_interval_is_written_in_the_language() -> None:
    assert versions.interval_text(AUC, SPANISH) == "0,889 (de 0,845 a 0,932)"
    assert versions.interval_text(AUC, ENGLISH) == "0.889 (0.845 to 0.932)"


def test_a_version_that_was_not_measured_has_a_row_without_an_interval() -> None:
    found = versions.rows([version("2"), version("1", measured=None)], {}, ENGLISH)
    assert found["shown"].tolist() == ["0.889 (0.845 to 0.932)", ""]
    assert found.dropna(subset="value")["low"].tolist() == [0.845]
    assert versions.rows([version("1", measured=None)], {}, ENGLISH).dropna(subset="value").empty


def test_what_was_not_noted_is_said() -> None:
    bare = replace(
        version("1"),
        candidate=None,
        registered=RegisteredVersion("1", CREATED, (), dataset_version=None, source_kind=None, roc_auc=None),
    )
    assert versions.kind(bare, ENGLISH) == "Kind not recorded"
    assert versions.kind(replace(bare, candidate="of_tomorrow"), ENGLISH) == "Kind not recorded"
    assert versions.source(bare, ENGLISH) == "data that were not recorded"
    assert versions.dataset(bare, ENGLISH) == "—"


def test_made_up_songs_are_said() -> None:
    sample = replace(version("1"), registered=replace(version("1").registered, source_kind="sample"))
    assert versions.source(sample, ENGLISH) == "sample songs, which are made up"
    assert versions.dataset(sample, ENGLISH) == "abc (sample)"


def test_headings_of_a_card_stand_below_those_of_the_page() -> None:
    card = "# One\ntext # no\n## Two\n```python\n# a comment\n```\n## Three"
    assert versions.below_headings(card, 2) == ("### One\ntext # no\n#### Two\n```python\n# a comment\n```\n#### Three")
