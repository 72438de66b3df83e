"""The one reader of song files: playlists, songs to score, catalogues."""

from collections.abc import Sequence

from song_preference.messages import Message

Faults = Sequence[tuple[str | None, Message]]
"""What is wrong with a row: the feature, or None for the row as a whole, and the broken rule."""
