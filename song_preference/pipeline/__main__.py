"""The command."""

from argparse import ArgumentParser

from song_preference import pipeline
from song_preference.errors import PipelineError
from song_preference.settings import AirflowSettings, load


def main() -> None:
    """Run the pipeline and print what happens."""
    parser = ArgumentParser(prog="python -m song_preference.pipeline", description=pipeline.__doc__)
    parser.add_argument("--force", action="store_true", help="train even if these songs gave a model before")
    params = {"force": True} if parser.parse_args().force else None
    airflow = pipeline.Airflow(load(AirflowSettings))
    try:
        pipeline.run_to_champion(airflow, lambda line: print(f"  {line}", flush=True), params)
    except PipelineError as problem:
        raise SystemExit(str(problem)) from None


if __name__ == "__main__":
    main()
