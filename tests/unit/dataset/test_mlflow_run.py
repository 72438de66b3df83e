"""What MLflow shows of a dataset version."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from song_preference.dataset import sample
from song_preference.dataset.mlflow_run import all_plots, data_card, numbers
from song_preference.dataset.version import DatasetVersion, FeatureStatistics, Parameters, Source, SplitRows
from song_preference.features import FEATURES


@pytest.fixture
def tables(prepared: Callable[[bytes], Any]) -> Any:
    return prepared(sample.csv())


@pytest.fixture
def described(tables: Any) -> DatasetVersion:
    return DatasetVersion(
        version="abc",
        created_at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
        code_version="1.2.3",
        source=Source(kind="sample", uri="sample", sha256="0f0f", size_bytes=1234, fallback_reason="Drive is down."),
        parameters=Parameters(test_size=0.3, seed=7),
        preparation=tables.report.model_copy(update={"rows_raw": 760, "readings": ["one thing is another"]}),
        split=SplitRows(train=525, test=225),
    )


def test_the_card_tells_source_counts_statistics_and_what_was_guessed(described: DatasetVersion) -> None:
    card = data_card(described)
    for told in (
        "# Dataset abc",
        "750 songs of one listener",
        "Of 760 rows 10 were\nleft out",
        "sample: `sample`",
        "`0f0f` (1,234 bytes)",
        "2026-01-02 03:04 UTC",
        "525 songs to train on, 225 to test with (test size 0.3, seed 7",
        f"| energy | {described.preparation.features['energy'].mean:.3f} |",
        "- one thing is another",
        "**The bundled sample stands in for the configured source**: Drive is down.",
    ):
        assert told in card


def test_metrics_have_mean_and_deviation_of_every_column_of_numbers(described: DatasetVersion, tables: Any) -> None:
    metrics = numbers(described)
    of_numbers = tables.scaled.select_dtypes("number")
    assert {"energy", "tempo", "loudness", "duration", "key", "label"} <= set(of_numbers)
    for name, column in of_numbers.items():
        assert metrics[f"{name}_mean"] == pytest.approx(column.mean(), rel=1e-5)
        assert metrics[f"{name}_std"] == pytest.approx(column.std(), rel=1e-5)
    assert 0 < metrics["tempo_mean"] < 1
    assert (metrics["rows_raw"], metrics["likes"] + metrics["dislikes"]) == (760, 750)


def test_names_of_columns_become_names_of_metrics(described: DatasetVersion) -> None:
    found = {"año / %": FeatureStatistics(mean=1, std=2), "x" * 300: FeatureStatistics(mean=3, std=4)}
    preparation = described.preparation.model_copy(update={"other_numbers": found})
    metrics = numbers(described.model_copy(update={"preparation": preparation}))
    assert metrics["año _ __std"] == 2
    assert metrics[f"{'x' * 200}_mean"] == 3


def test_a_description_published_before_has_fewer_metrics(described: DatasetVersion) -> None:
    stored = described.model_dump(mode="json")
    del stored["preparation"]["other_numbers"]
    metrics = numbers(DatasetVersion.model_validate(stored))
    assert "energy_std" in metrics
    assert "tempo_std" not in metrics


def test_plots_show_every_feature(tables: Any) -> None:
    plots = all_plots(tables.features)
    assert set(plots) == {"distributions.png", "correlation.png", "mutual_information.png"}
    assert [axes.get_xlabel() for axes in plots["distributions.png"].axes] == list(FEATURES)
    shown = [float(text.get_text()) for text in plots["correlation.png"].axes[0].texts]
    np.testing.assert_allclose(np.reshape(shown, (5, 5)), tables.features.drop(columns="song_key").corr(), atol=0.006)
    widths = [bar.get_extents().width for bar in plots["mutual_information.png"].axes[0].patches]
    assert len(widths) == 4
    assert widths == sorted(widths)
