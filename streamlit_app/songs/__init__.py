"""The page "songs"."""
