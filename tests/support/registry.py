"""A registry in memory, in place of MLflow's."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from song_preference.errors import RegistryUnavailable
from song_preference.evaluation import Evaluation, Interval
from song_preference.messages import Message
from song_preference.prediction import ModelRef, RegisteredVersion
from song_preference.serving.registry import OWN_SONGS_FILE
from song_preference.serving.versions import DescribedVersion


class FakeRegistry:
    """Model versions and their graphs; `is_down` makes every call fail."""

    def __init__(self) -> None:
        self.ref: ModelRef | None = None
        self.graphs: dict[str, bytes] = {}
        self.downloads: list[str] = []
        self.is_down = False
        self.source_kind = "file"
        self.challenger: str | None = None
        self.evaluations: dict[str, Evaluation] = {}
        self.songs_of_run: dict[str, bytes] = {}
        self.evaluated_on: str | None = None
        self.trained_on: dict[str, str] = {}
        """Dataset versions by model version; 'abc' for the others."""
        self.described_as: dict[str, dict[str, Any]] = {}
        """Other values of `DescribedVersion` by model version."""
        self.indexes: dict[str, Path] = {}
        """Indexes of catalogues by run; the last one is in use."""

    def register(self, version: str, graph: bytes, dataset_version: str | None = None) -> None:
        if dataset_version:
            self.trained_on[version] = dataset_version
        self.graphs[version] = graph
        self.promote(version)

    def promote(self, version: str) -> None:
        trained_on = self.trained_on.get(version)
        self.ref = ModelRef("spotify_model_prod", version, "champion", dataset_version=trained_on)

    def champion(self) -> ModelRef | None:
        self._check()
        return self.ref

    def graph(self, ref: ModelRef) -> bytes:
        self._check()
        self.downloads.append(ref.version)
        if ref.version not in self.graphs:
            raise RegistryUnavailable(f"The artifacts of {ref.name} version {ref.version} cannot be read.")
        return self.graphs[ref.version]

    def versions(self, limit: int) -> list[RegisteredVersion]:
        self._check()
        created = datetime(2026, 11, 25, tzinfo=UTC)
        newest = sorted(self.graphs, key=int, reverse=True)[:limit]
        return [
            RegisteredVersion(
                version=number,
                created_at=created,
                aliases=["champion"],
                dataset_version=self.trained_on.get(number, "abc"),
                source_kind=self.source_kind,
                roc_auc=0.88,
            )
            for number in newest
        ]

    def described(self, limit: int) -> list[DescribedVersion]:
        found = self.versions(limit)
        roles = {self.challenger: ["challenger"], self.ref.version if self.ref else None: ["champion"]}
        metrics = {
            "accuracy": Interval(0.792, 0.742, 0.842),
            "f1": Interval(0.835, 0.794, 0.874),
            "roc_auc": Interval(0.889, 0.845, 0.932),
            "pr_auc": Interval(0.923, 0.89, 0.956),
            "brier": Interval(0.133, 0.11, 0.156),
            "log_loss": Interval(0.42, 0.36, 0.49),
            "calibration_slope": Interval(1.1, 0.87, 1.34),
            "calibration_intercept": Interval(-0.05, -0.38, 0.29),
            "roc_auc_difference": Interval(0.021, 0.004, 0.038),
            "brier_difference": Interval(-0.011, -0.02, -0.001),
            "log_loss_difference": Interval(-0.03, -0.061, 0.002),
        }
        plain = [
            DescribedVersion(
                version.model_copy(update={"aliases": roles.get(version.version, [])}),
                f"run{version.version}",
                "extra_trees",
                0.5,
                metrics,
                Message(None, english=f"# Card of {version.version}"),
                "2",
                self.evaluated_on,
            )
            for version in found
        ]
        return [replace(version, **self.described_as.get(version.registered.version, {})) for version in plain]

    def evaluation(self, run_id: str) -> Evaluation | None:
        self._check()
        return self.evaluations.get(run_id)

    def artifact(self, run_id: str, name: str) -> bytes | None:
        self._check()
        return self.songs_of_run.get(run_id) if name == OWN_SONGS_FILE else None

    def index_run(self) -> str | None:
        self._check()
        return next(reversed(self.indexes), None)

    def download_index(self, run_id: str, directory: Path) -> Path:
        self._check()
        return Path(shutil.copy(self.indexes[run_id], directory))

    def _check(self) -> None:
        if self.is_down:
            raise RegistryUnavailable("The registry is down.")
