"""The two DAGs from outside: `airflow` is the client, `waiting` follows runs, `report` describes them.

`python -m song_preference.pipeline` starts `process_etl_spotify_data`, follows it and the training run
that its dataset starts, and fails with the reason where one of them fails.
"""

from song_preference.pipeline.airflow import Airflow, Run, Task
from song_preference.pipeline.waiting import follow, run_to_champion
from song_preference.run_options import ETL_DAG, TRAINING_DAG

__all__ = ["ETL_DAG", "TRAINING_DAG", "Airflow", "Run", "Task", "follow", "run_to_champion"]
