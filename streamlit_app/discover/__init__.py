"""The page "discover"."""
