"""Every message in English."""

from collections.abc import Iterable, Mapping

SENTENCES = {
    # A run that was asked for something impossible.
    "invalid_run": "This run cannot start: {faults}.",
    "unknown_option": "there is no option '{name}', use one of these: {known}",
    "option_of_wrong_type": "option '{name}' must be {wanted}",
    "option_out_of_bounds": "option '{name}' is {value}, choose a value from {minimum} to {maximum}",
    "type_bool": "true or false",
    "type_int": "a whole number",
    "type_float": "a number",
    "type_str": "a text",
    "bounds": "From {minimum} to {maximum}.",
    # A training that would repeat an earlier one.
    "already_trained": "Version {version} was trained from dataset {dataset} with seed {seed}, {trials} trials and "
    "this code: set force to train again.",
    "rolled_back_from": "Version {version} was trained from dataset {dataset} with seed {seed}, {trials} trials and "
    "this code, and somebody rolled back from it: make it champion by hand (make rollback VERSION={version}), or set "
    "force to train again.",
    "promoted_again": "Version {version} was trained from these songs, settings and code: it is compared again.",
    # A task or a run that failed.
    "task_timed_out": "Not done within {limit}: its log in Airflow shows what it waited for.",
    # Its client tells no more than the status: neither that a disk is full, nor which one.
    "mlflow_failed": "MLflow did not serve the task: check that it runs, and that the volumes of its database, of its "
    "temporary files and of S3 have room, then trigger the DAG again. {error}",
    "task_failed_unexpectedly": "The task {task} failed unexpectedly: its log in Airflow tells why.",
    "run_failed_before_its_tasks": "{dag} failed before any of its tasks did: its page in Airflow tells why.",
    # Why a version became champion, or did not.
    "sample_against_playlist": "It learned from the bundled sample, version {champion} from a real playlist.",
    "playlist_against_sample": "It learned from a real playlist, version {champion} from the bundled sample.",
    "first_was_never_evaluated": "There is no champion, but how good this version is was never measured: train again.",
    "first_beats_majority": "There is no champion, and a ROC AUC of at least {low:.3f} beats the majority.",
    "first_may_not_beat_majority": "There is no champion, but a ROC AUC of perhaps {low:.3f} may be no better than "
    "always giving the majority's answer: more songs may help.",
    "training_songs_unknown": "What version {champion} was trained on is not known any more, so no song is new; make "
    "it champion by hand if you want it: make rollback VERSION={version}.",
    "too_few_new_songs": "Only {songs} test songs are new to version {champion} as well, fewer than {least} of a "
    "class; make it champion by hand if you want it: make rollback VERSION={version}.",
    "new_listener_beats_majority": "It is another listener's than version {champion}, and a ROC AUC of at least "
    "{low:.3f} beats the majority.",
    "new_listener_may_not_beat_majority": "It is another listener's than version {champion}, but a ROC AUC of perhaps "
    "{low:.3f} may be no better than always giving the majority's answer: more songs may help.",
    "another_listener": "Its dataset shares {shared:,} of {songs:,} songs with the list in use, that of version "
    "{champion}: run the pipeline again and say whether it is another listener's (new_listener), or make it champion "
    "by hand: make rollback VERSION={version}.",
    "not_inferior": "It is not clearly worse: {comparisons}.",
    "inferior": "It may be clearly worse: {comparisons}.",
    "against_the_champion": "ROC AUC {roc_auc:.3f} against {other_roc_auc:.3f} of version {version} on {songs:,} songs "
    "that neither was trained on, more than {tolerance} worse in {share_worse:.0%} of the resamples (at most "
    "{max_share_worse:.0%})",
    "against_the_best": "ROC AUC {roc_auc:.3f} against {other_roc_auc:.3f} of version {version}, the best so far, on "
    "{songs:,} songs that neither was trained on, more than {tolerance} worse in {share_worse:.0%} of the resamples "
    "(at most {max_share_worse:.0%})",
    "worse_on_one_table": "{difference:.3f} worse than version {version} on the songs of one test table (at most "
    "{tolerance})",
    "best_not_comparable": "version {version}, the best so far, cannot be compared any more",
    "twin_gone": "The model that stands for version {champion} in comparisons is gone; make version "
    "{version} champion by hand if you want it: make rollback VERSION={version}.",
    "cannot_be_loaded": "No service can load it: train again.",
    "compared_with_champion": "On {songs} songs that neither knew, ROC AUC {roc_auc:.3f} against "
    "{champion_roc_auc:.3f} of version {champion}; more than {tolerance} worse in {share_worse:.0%} of the resamples "
    "(at most {max_share_worse:.0%}).",
    # A playlist that cannot be used.
    "invalid_dataset": "This playlist cannot be used: {findings}.",
    "column_rule": "column '{column}' {rule}",
    "file_rule": "the file {rule}",
    "finding_in_row": "{finding} ({count} row: {rows})",
    "finding_in_rows": "{finding} ({count} rows: {rows})",
    # Rules that a file or a column breaks.
    "not_a_number": "must be a number",
    "not_a_label": "must be 1 or 0, or a word such as yes and no, like and dislike",
    "empty_cell": "must not be empty",
    "not_finite": "must be finite",
    "not_in_unit_interval": "must lie in [0, 1]",
    "column_missing": "is missing",
    "too_few_likes": "needs at least {least} different likes, there are {size}",
    "too_few_dislikes": "needs at least {least} different dislikes, there are {size}",
    "too_few_to_split": "has too few songs of one class for a training and a test part",
    "uneven_rows": "has rows with another number of fields than the header",
    "row_uneven": "has {cells:,} cells and the header {columns:,}",
    "no_songs": "holds a header and no songs",
    "empty_file": "is empty",
    "binary": "is binary: export the playlist as CSV",
    "html_page": "is an HTML page: check that the link gives the file itself, shared with anyone who has it",
    "file_too_large": "is larger than MAX_DATASET_BYTES ({limit:,} bytes)",
    "list_too_large": "is larger than {limit:,.0f} MB: split it, or remove columns",
    "too_many_rows": "has more than {limit:,} rows: split it",
    "too_many_columns": "has {count:,} columns and may have {limit:,}: keep only those that describe the songs",
    "row_too_long": "has a row of more than {limit:,} characters: keep only the columns that describe the songs",
    "cell_too_long": "has a cell of more than {limit:,} characters: shorten it, or close its quote",
    "quote_not_closed": "has a quote that is not closed, or not doubled inside a quoted cell: close, double or "
    "remove it",
    # Why a file as a whole is no table of songs.
    "spreadsheet_file": "is a workbook of a spreadsheet program: save it there as 'CSV UTF-8' and send that",
    "archive_unreadable": "is a gz or zip file that cannot be unpacked: check it, and that it has no password",
    "archive_without_one_table": "is a zip with {count} tables: put just one into it (csv, tsv, txt, json or parquet), "
    "or two that are called liked and disliked (likes, me gusta, dislikes, no me gusta and the like are understood)",
    "of_file": "{file}: {message}",
    "labels_by_file": "the label comes from the file and not from the column {columns}",
    "archive_too_large": "has more than {limit:,.0f} MB once unpacked: split it",
    "encoding_broken": "begins as {encoding} and does not go on so: export it again as CSV UTF-8",
    "parquet_unreadable": "cannot be read as Parquet: export it again",
    "json_unreadable": "cannot be read as JSON: export it again",
    "rows_too_large": "has rows that take too much memory: remove columns, or export it as CSV",
    "json_without_songs": "is JSON without a list of songs: send a list of objects, one for each song",
    "reader_crashed": "ended the reader, in a way that we do not know: export it again as CSV UTF-8",
    "reader_too_slow": "takes too long to read: split it, or remove columns",
    "no_audio_features": "names songs and not their audio features: export it with them (Exportify, Chosic and "
    "Organize Your Music can; TuneMyMusic and Spotify's own export cannot)",
    "mixed_scales": "lies between 0 and 1 while other features go from 0 to 100: give all four the same scale",
    "ratings": "grades songs ({values}) and does not say which grades are likes: write 1 in place of those and 0 in "
    "place of the others (remove doubtful songs), or add such a column named 'liked'",
    "record_companies": "holds many words and hardly an opinion, as if it named record companies: add a column 'liked' "
    "with 1 or 0",
    "too_many_unusable_rows": "has {count} unusable rows of {rows}, more than {share:.0%}",
    "without_features": "has rows without any audio feature",
    # What was understood, left out or assumed.
    "converted": "converted from {format}",
    "transcoded": "read as {encoding}",
    "separator_read": "its columns are separated by {separator}",
    "semicolons": "semicolons",
    "tabs": "tabs",
    "bars": "bars",
    "other_character": "a character that its first line names",
    "header_in_row": "the header is row {row}",
    "columns_understood": "understood by their names: {columns}",
    "columns_not_there": "not in the file, and not needed by the model: {columns}",
    "one_of_columns_kept": "'{kept}' is used as {name}, and not: {unused}",
    "index_column_left_out": "a column that only counts the rows is left out",
    "first_of_columns_kept": "of the columns '{name}' the first is kept",
    "label_words": "labels understood: {words}",
    "duration_in_seconds": "the duration was in seconds",
    "features_in_percent": "the four features were in percent and are divided by 100",
    "rows_left_out": "rows left out: {count:,} ({findings})",
    "rows_repeated": "rows that repeat a song and are left out: {count:,}",
    "songs_contradicting": "songs that are liked and disliked at once and left out: {count:,} ({songs})",
    "too_few_to_compare": "too few songs to replace the model in use by themselves: with {share:.0%} of them kept for "
    "the test, that is {likes} likes and {dislikes} dislikes, and the comparison needs {least} of each that are new to "
    "both models; add songs",
    # A source that may not be named.
    "source_rejected": "The source '{source}' is rejected: {reason}. Name {may_name}.",
    "operator_may_name": "a Google Drive link, an https URL, s3://<data bucket>/<key>, a path or 'sample'",
    "anybody_may_name": "a Google Drive link, a public https URL, s3://<data bucket>/incoming/<file> or "
    "incoming/<file>",
    "source_unreadable": "it is empty, longer than {limit} characters, or holds characters that cannot be seen",
    "source_in_another_bucket": "it is not s3://{bucket}/<key>: copy the file into that bucket",
    "source_of_unknown_scheme": "its scheme is none that we know",
    "source_without_https": "it is a link that does not start with https://: write https://...",
    "source_no_https_url": "it is no https URL",
    "source_with_credentials": "it holds a user name or a password",
    "source_leads_elsewhere": "it leads to '{url}' ({reason})",
    "source_not_below": "it is not below {folder}",
    "source_no_file_below": "it is no file below {folder}",
    "sample_named": "the sample stands in by itself where there is no playlist",
    "drive_link_without_id": "there is no file id in the Google Drive link: copy it from 'Share > Copy link'",
    "no_such_object": "there is no such object; copy the file there first",
    "no_such_file": "there is no such file",
    "not_a_regular_file": "it is no regular file",
    "host_not_public": "its host is not public",
    "address_not_public": "its address is not public",
    "host_with_address_not_public": "its host has an address that is not public",
    # A source that cannot be reached.
    "source_unavailable_latest_stays": "{reason} The dataset published last stays in force.",
    "file_unreadable": "The file '{file}' cannot be read ({error}).",
    "drive_unavailable": "Google Drive did not give the file behind '{link}' ({reason}): check the connection, and "
    "that the file is shared with 'anyone with the link'.",
    "drive_gave_a_page": "it gave a page instead, to sign in or because the file was asked for too often",
    "too_slow": "it is too slow",
    "exception": "{name}",
    "url_unavailable": "'{url}' cannot be downloaded ({error}): open it in a browser.",
    "url_redirects_too_often": "'{url}' redirects more than {limit} times: name the file's own URL.",
    "url_too_slow": "'{url}' is too slow: download it yourself and upload the file, or put it into incoming/.",
    # The dashboard's requests to REST.
    "rest_unavailable": "The REST service at {url} does not answer: check that it runs.",
    "rest_is_another_program": "Another program than our REST service answers at {url}: check FASTAPI_URL.",
    # Datasets, storage and training.
    "no_dataset_yet": "No dataset was published yet: run the DAG process_etl_spotify_data.",
    "no_such_dataset": "There is no dataset version '{version}': `make datasets` lists those that there are.",
    "dataset_file_gone": "Dataset version '{version}' has no '{file}' any more: run process_etl_spotify_data again.",
    "s3_full": "S3 has no room left for {uri}: free some space on its volume, or remove datasets that nobody needs "
    "('make datasets' lists them); then try again.",
    "s3_unavailable": "S3 did not serve {uri} ({error}): check that it runs, that its volume has room, and its keys.",
    "disk_full": "There is too little room on the volume of {directory}: {free:,.0f} of its {total:,.0f} MB are free "
    "now. Free some space there, or set TMPDIR to a directory of another volume; then try again.",
    "no_candidate_exported": "No candidate can be exported as a model that answers as it was trained; try more trials "
    "or another dataset. {details}",
    "too_few_songs_to_train": "The training part holds {likes} liked and {dislikes} disliked songs, but "
    "cross-validation needs {least} of each: add songs to the playlist, or set a smaller part aside for the test, and "
    "run the DAG process_etl_spotify_data again.",
    # An upload, a busy service, and a rollback.
    "upload_too_large": "The upload has more than {limit} bytes, which is the limit: {remedy}.",
    "split_the_file": "split the file",
    "playlist_limit": "a playlist may have no more than MAX_DATASET_BYTES",
    "upload_without_file": "The form has no file: send the CSV as the field 'file', with a file name.",
    "upload_without_playlist": "The form must have one file in the field 'file', or two files in the fields 'liked' "
    "and 'disliked', and no others.",
    "service_busy": "{waiting} long requests are already waiting: try again in a few seconds.",
    "already_champion": "Version {version} is the champion already.",
    "rolled_back": "Version {version} of {model} is the champion, version {challenger} the challenger.",
    "made_champion": "Version {version} of {model} is the champion.",
    "no_champion_to_replace": "{model} has no champion to go back from: name a version.",
    "replaced_no_other": "Version {version} of {model} replaced no other: name a version to go back to.",
    "no_such_version": "{model} has no version {version}; it has {known}.",
    "none_yet": "none yet",
}

METRICS = ("roc_auc", "pr_auc", "accuracy", "f1", "brier", "log_loss", "calibration_slope", "calibration_intercept")
FIRST_METRICS = ("roc_auc", "pr_auc", "accuracy", "f1", "brier", "calibration_error")
"""Metrics of the first model cards."""

MODELS = ("test", "majority", "logistic_regression")
"""Prefixes of the metrics of the model, and of those that it is compared with."""

UNDEFINED = "majority_calibration_slope"
"""The only metric that is left out: a constant probability has no slope."""

METRIC_NAMES = [f"{model}_{metric}" for metric in METRICS for model in MODELS if f"{model}_{metric}" != UNDEFINED]

_METRIC_TITLES = {
    "roc_auc": "ROC AUC",
    "pr_auc": "PR AUC",
    "accuracy": "Accuracy",
    "f1": "F1 of like",
    "brier": "Brier score",
    "log_loss": "Log loss",
    "calibration_slope": "Calibration slope (ideal: 1)",
    "calibration_intercept": "Calibration intercept (ideal: 0)",
    "calibration_error": "Calibration error",
}


def metrics_table(metrics: Iterable[str], titles: Mapping[str, str], to: str) -> str:
    """Return the rows of the model card's table, each metric with its interval; `to` stands between its ends."""
    return "\n".join(f"| {titles[metric]} | {_cells(metric, to)} |" for metric in metrics)


def _cells(metric: str, to: str) -> str:
    names = [f"{model}_{metric}" for model in MODELS]
    return " | ".join(
        "—" if name == UNDEFINED else f"{{{name}:.3f}} ({{{name}_low:.3f}} {to} {{{name}_high:.3f}})" for name in names
    )


def _model_card(trained: str, search: str, evaluated: str, metrics: str) -> str:
    """Return the model card: Markdown, in English under MLflow's 5,000 characters."""
    return f"""# Will this listener like the song?

{{warning}}This model ({{candidate}}) gives the probability that one listener likes a song, from
speechiness, energy, danceability and acousticness as Spotify measures them, each in [0, 1].

## Data
Dataset `{{dataset}}` (source: {{source}}): {{songs}} songs, {{likes}} liked and {{dislikes}} disliked.
{trained}{{sampled}}

## Model
{search}
"Like" from a probability of {{threshold:.3f}} on: of the thresholds that serve likes and dislikes
equally well, the one nearest 0.5, found on training songs that the model did not know at the time.

## How good
{evaluated}, with 95 % intervals:

| | this model | always the majority | logistic regression |
|---|---|---|---|
{metrics}

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


_FIRST_TRAINED = "It was trained on {trained} of them and evaluated on {evaluated} others."
_TRAINED = """A twin of it was trained on the {trained} songs of the training table and evaluated on songs that it did
not know; then the same recipe was trained on {refitted} songs of both tables, and that is this model."""
_FIRST_SEARCH = """Best of {trials} trials (Optuna TPE, seed {seed}) by ROC AUC in 5-fold cross-validation on the
training table: {cv_roc_auc:.3f}. Parameters: {parameters}."""
_SEARCH = """Of {trials} trials (Optuna TPE, seed {seed}) the one with the least log loss in three times 5-fold
cross-validation on the training table: {cv_log_loss:.3f} (standard error {cv_log_loss_error:.3f}; ROC AUC
{cv_roc_auc:.3f}). The default, the mean of two forests, gives way only to one that is better by more than a
standard error. Parameters: {parameters}. {calibration}"""

_DIFFERENCES = (
    "ROC AUC differs by {roc_auc_difference:+.3f} ({roc_auc_difference_low:+.3f} to {roc_auc_difference_high:+.3f}), "
    "Brier score by {brier_difference:+.3f} ({brier_difference_low:+.3f} to {brier_difference_high:+.3f}) and log loss "
    "by {log_loss_difference:+.3f} ({log_loss_difference_low:+.3f} to {log_loss_difference_high:+.3f})"
)
_TABLE, _FIRST_TABLE = (metrics_table(metrics, _METRIC_TITLES, "to") for metrics in (METRICS, FIRST_METRICS))

SENTENCES |= {
    "model_card": _model_card(_FIRST_TRAINED, _FIRST_SEARCH, "On songs that it never saw, once", _FIRST_TABLE),
    "model_card_of_refitted": _model_card(_TRAINED, _SEARCH, "{songs_of_metrics}", f"{_TABLE}\n\n{{comparison}}"),
    "evaluated_on_test_table": "The twin on the test table, once",
    "evaluated_on_left_out": "The test table has fewer than 10 liked or disliked songs, so the answers are those of "
    "models of\nthree times 5-fold cross-validation on all songs, each song left out of training in turn",
    "calibrated": "Its probabilities are calibrated on songs left out: slope {calibration_slope:.2f} and intercept "
    "{calibration_intercept:+.2f} on the logit.",
    "not_calibrated": "Calibration does not lower the log loss of songs left out, so there is none.",
    "better_than_logistic_regression": f"Better than a plain logistic regression on these songs: {_DIFFERENCES}.",
    "no_better_than_logistic_regression": f"No better than a plain logistic regression on these songs: {_DIFFERENCES}.",
    "model_of_sample": "> **Trained on the bundled sample of synthetic songs: it knows nobody's taste.** "
    "Set `DATASET_SOURCE` to a playlist.\n\n",
    "trained_on_part": " These are samples of the training table ({train}) and the test table ({test}), in proportion "
    "to likes and dislikes.",
}
