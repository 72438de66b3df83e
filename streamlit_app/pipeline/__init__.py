"""The page "pipeline"."""
