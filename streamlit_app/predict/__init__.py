"""The page "predict"."""
