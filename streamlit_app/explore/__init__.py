"""The page "explore"."""
