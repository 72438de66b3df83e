-- Run once, by the owner of an empty data directory (PG_USER); Airflow's database exists by then.
CREATE DATABASE mlflow;
