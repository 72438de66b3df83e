"""Training: from a dataset version to a registered model, champion or challenger."""
