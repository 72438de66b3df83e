"""The page "model"."""
