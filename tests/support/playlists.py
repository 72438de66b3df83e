"""Listeners' files."""

from song_preference.dataset import sample

CSV = sample.csv()
"""The bundled sample: 750 songs of ten columns."""
