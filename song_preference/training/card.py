"""The model card: what a version is, how good, and where it ends. Markdown, under MLflow's 5,000 characters."""

from collections.abc import Mapping

from song_preference.dataset.version import DatasetVersion
from song_preference.training.evaluate import BASELINE, MAJORITY, MODEL

METRICS = {
    "roc_auc": "ROC AUC",
    "pr_auc": "PR AUC",
    "accuracy": "Accuracy",
    "f1": "F1 of like",
    "brier": "Brier score",
    "calibration_error": "Calibration error",
}
SAMPLE_WARNING = (
    "> **Trained on the bundled sample of synthetic songs: it knows nobody's taste.** "
    "Set `DATASET_SOURCE` to a playlist.\n\n"
)


def model_card(
    model_name: str, described: DatasetVersion, params: Mapping[str, str], metrics: Mapping[str, float]
) -> str:
    """The card of a run with these params and metrics, trained from the dataset described."""
    warning = SAMPLE_WARNING if described.source.kind == "sample" else ""
    return f"""# Will this listener like the song?

{warning}This model ({params["candidate"].replace("_", " ")}) gives the probability that one listener likes a song, from
speechiness, energy, danceability and acousticness as Spotify measures them, each in [0, 1].

## Data
Dataset `{described.version}` (source: {described.source.kind}): {described.preparation.rows_kept} songs, \
{described.preparation.likes} liked and {described.preparation.dislikes} disliked.
{_learned(described, params)}

## Model
Best of {params["trials"]} trials (Optuna TPE, seed {params["seed"]}) by ROC AUC in 5-fold cross-validation on the
training part: {metrics["cv_roc_auc"]:.3f}. Parameters: {_parameters(params)}.
"Like" from a probability of {float(params["threshold"]):.3f} on: of the thresholds that serve likes and dislikes
equally well, the one nearest 0.5, found on training songs that the model did not know at the time.

## How good
On songs that it never saw, once, with 95 % bootstrap intervals:

| | this model | always the majority | logistic regression |
|---|---|---|---|
{_table(metrics)}

ONNX and scikit-learn differ by at most {metrics["onnx_parity_error"]:.1e} in probability.

## Limits
- It knows one listener, by four numbers for each song: no artist, language, lyrics or genre.
- Songs unlike those of the playlist get an answer as well; how sure it is there was not measured.
- The intervals hold for songs chosen as these were; taste changes, and the model learns of it only by new data.

## Use
```python
import mlflow, pandas as pd
model = mlflow.pyfunc.load_model("models:/{model_name}@champion")
model.predict(pd.DataFrame([{{"speechiness": 0.04, "energy": 0.52, "danceability": 0.51, "acousticness": 0.71}}]))
```
"""


def _learned(described: DatasetVersion, params: Mapping[str, str]) -> str:
    trained, judged = int(params["songs_trained"]), int(params["songs_judged"])
    text = f"It learned from {trained} of them and was judged by {judged} others."
    if trained < described.split.train or judged < described.split.test:
        text += (
            f" That is a sample of the training part ({described.split.train}) and the test part "
            f"({described.split.test}), in proportion to likes and dislikes."
        )
    return text


def _parameters(params: Mapping[str, str]) -> str:
    own = {name: value for name, value in params.items() if name.startswith(params["candidate"])}
    return ", ".join(
        f"{name.removeprefix(params['candidate'] + '_').replace('_', ' ')} {value}" for name, value in own.items()
    )


def _table(metrics: Mapping[str, float]) -> str:
    return "\n".join(
        f"| {title} | " + " | ".join(_cell(metrics, f"{whose}_{name}") for whose in (MODEL, MAJORITY, BASELINE)) + " |"
        for name, title in METRICS.items()
    )


def _cell(metrics: Mapping[str, float], name: str) -> str:
    return f"{metrics[name]:.3f} ({metrics[f'{name}_low']:.3f} to {metrics[f'{name}_high']:.3f})"
