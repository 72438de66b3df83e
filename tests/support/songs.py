"""Songs to ask about."""

SONG = {"speechiness": 0.0444, "energy": 0.521, "danceability": 0.514, "acousticness": 0.713}
