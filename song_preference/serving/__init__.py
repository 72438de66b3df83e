"""Serving: watches the champion, swaps the model atomically, and predicts for every protocol."""
