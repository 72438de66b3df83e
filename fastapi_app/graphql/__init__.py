"""GraphQL: the same predictions, datasets and runs as REST."""
