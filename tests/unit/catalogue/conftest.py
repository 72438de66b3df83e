from tests.support.mlflow import client, settings, tracking_uri

__all__ = ["client", "settings", "tracking_uri"]
