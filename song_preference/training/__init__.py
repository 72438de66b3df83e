"""From a dataset version to a registered model."""
