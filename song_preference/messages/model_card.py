"""The model card in both languages: Markdown, in English under MLflow's 5,000 characters."""

METRICS = {
    "roc_auc": ("ROC AUC", "ROC AUC"),
    "pr_auc": ("PR AUC", "PR AUC"),
    "accuracy": ("Accuracy", "Exactitud"),
    "f1": ("F1 of like", "F1 de las que gustan"),
    "brier": ("Brier score", "Puntuación de Brier"),
    "calibration_error": ("Calibration error", "Error de calibración"),
}
"""English and Spanish title of each metric."""

MODELS = ("test", "majority", "logistic_regression")
"""Prefixes of the metrics of the model, and of those that it is compared with."""


def _table(language: int, to: str) -> str:
    return "\n".join(f"| {titles[language]} | {_cells(metric, to)} |" for metric, titles in METRICS.items())


def _cells(metric: str, to: str) -> str:
    names = [f"{model}_{metric}" for model in MODELS]
    return " | ".join(f"{{{name}:.3f}} ({{{name}_low:.3f}} {to} {{{name}_high:.3f}})" for name in names)


_ENGLISH = f"""# Will this listener like the song?

{{warning}}This model ({{candidate}}) gives the probability that one listener likes a song, from
speechiness, energy, danceability and acousticness as Spotify measures them, each in [0, 1].

## Data
Dataset `{{dataset}}` (source: {{source}}): {{songs}} songs, {{likes}} liked and {{dislikes}} disliked.
It was trained on {{trained}} of them and evaluated on {{evaluated}} others.{{sampled}}

## Model
Best of {{trials}} trials (Optuna TPE, seed {{seed}}) by ROC AUC in 5-fold cross-validation on the
training table: {{cv_roc_auc:.3f}}. Parameters: {{parameters}}.
"Like" from a probability of {{threshold:.3f}} on: of the thresholds that serve likes and dislikes
equally well, the one nearest 0.5, found on training songs that the model did not know at the time.

## How good
On songs that it never saw, once, with 95 % bootstrap intervals:

| | this model | always the majority | logistic regression |
|---|---|---|---|
{_table(0, "to")}

ONNX and scikit-learn differ by at most {{onnx_parity_error:.1e}} in probability.

## Limits
- It knows one listener, by four numbers for each song: no artist, language, lyrics or genre.
- Songs unlike those of the playlist get an answer as well; how sure it is there was not measured.
- The intervals hold for songs chosen as these were; taste changes, and the model follows only by new data.

## Use
```python
import mlflow, pandas as pd
model = mlflow.pyfunc.load_model("models:/{{name}}@champion")
model.predict(pd.DataFrame([{{{{"speechiness": 0.04, "energy": 0.52, "danceability": 0.51, "acousticness": 0.71}}}}]))
```
"""

_SPANISH = f"""# ¿Le gustará la canción a esta persona?

{{warning}}Este modelo ({{candidate}}) da la probabilidad de que una canción le guste a una persona, a partir de
speechiness, energy, danceability y acousticness como las mide Spotify, cada una de 0 a 1.

## Datos
Datos `{{dataset}}` (origen: {{source}}): {{songs}} canciones, {{likes}} que gustan y {{dislikes}} que no.
Aprendió de {{trained}} de ellas y se probó con otras {{evaluated}}.{{sampled}}

## Modelo
El mejor de {{trials}} intentos (Optuna TPE, semilla {{seed}}) según su ROC AUC en una validación cruzada de 5 partes
con las canciones de entrenamiento: {{cv_roc_auc:.3f}}. Parámetros: {{parameters}}.
Dice «me gusta» desde una probabilidad de {{threshold:.3f}}: de los umbrales que aciertan por igual con las que gustan y
las que no, el más cercano a 0,5, buscado con canciones de entrenamiento que el modelo no conocía en ese momento.

## Cuánto acierta
Con canciones que nunca vio, una sola vez, con intervalos bootstrap del 95 %:

| | este modelo | siempre lo más frecuente | regresión logística |
|---|---|---|---|
{_table(1, "a")}

ONNX y scikit-learn difieren como mucho en {{onnx_parity_error:.1e}} de probabilidad.

## Límites
- Conoce a una sola persona, y cada canción por cuatro números: ni artista, ni idioma, ni letra, ni género.
- También responde sobre canciones muy distintas de las de la lista; no se midió cuánto acierta con ellas.
- Los intervalos valen para canciones elegidas como estas; el gusto cambia, y el modelo solo lo nota con datos nuevos.

## Cómo usarlo
```python
import mlflow, pandas as pd
model = mlflow.pyfunc.load_model("models:/{{name}}@champion")
model.predict(pd.DataFrame([{{{{"speechiness": 0.04, "energy": 0.52, "danceability": 0.51, "acousticness": 0.71}}}}]))
```
"""

ENGLISH = {
    "model_card": _ENGLISH,
    "model_of_sample": "> **Trained on the bundled sample of synthetic songs: it knows nobody's taste.** "
    "Set `DATASET_SOURCE` to a playlist.\n\n",
    "trained_on_part": " These are a sample of the training table ({train}) and the test table ({test}), in proportion "
    "to likes and dislikes.",
}
SPANISH = {
    "model_card": _SPANISH,
    "model_of_sample": "> **Se entrenó con la muestra de canciones inventadas: no conoce el gusto de nadie.** "
    "Indica una lista en `DATASET_SOURCE`.\n\n",
    "trained_on_part": " Son una muestra de las canciones de entrenamiento ({train}) y de las de prueba ({test}), con "
    "la misma proporción de las que gustan y las que no.",
}
