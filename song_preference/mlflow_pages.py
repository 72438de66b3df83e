"""Addresses of MLflow's pages: in its view for trained models, since it opens in one for language models."""

from urllib.parse import quote

TRAINING_VIEW = "?workflowType=machine_learning"


def experiments_page(base: str) -> str:
    """Return the address of all experiments."""
    return f"{base}/#/experiments{TRAINING_VIEW}"


def run_page(base: str, run_id: str, experiment_id: str | None) -> str:
    """Return the address of a run; where its experiment is unknown, one that MLflow completes but for the view."""
    if experiment_id is None:
        return f"{base}/#/runs/{run_id}"
    return f"{base}/#/experiments/{experiment_id}/runs/{run_id}{TRAINING_VIEW}"


def version_page(base: str, model_name: str, version: str) -> str:
    """Return the address of a version of a registered model."""
    return f"{base}/#/models/{quote(model_name)}/versions/{version}{TRAINING_VIEW}"
