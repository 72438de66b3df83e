"""The domain, once: what a song is, how a playlist becomes a dataset, a model and an answer."""
