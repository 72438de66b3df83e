"""The two DAGs from outside: a client of Airflow, reports of runs, and the command that runs both."""
