"""The dashboard: for the listener who owns the playlist."""
