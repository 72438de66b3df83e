from tests.support.mlflow import client, tracking_uri

__all__ = ["client", "tracking_uri"]
