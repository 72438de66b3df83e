"""The one reader of song files: playlists, songs to score, catalogues."""
