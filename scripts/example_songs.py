"""Write the examples in incoming/: two playlists, new songs that nobody has rated, a catalogue. All are made up."""

from pathlib import Path

import numpy as np
import pandas as pd

from song_preference.dataset import sample
from song_preference.features import FEATURES, LABEL

INCOMING = Path(__file__).parents[1] / "incoming"

ARTISTS = ["The Paper Lanterns", "Nadia Okoro", "Low Tide Club", "Marta Quiroga", "Velvet Ferry", "Los del Andén"]
GENRES = ["pop", "rock", "folk", "electronic"]
ENGLISH = (
    ["Quiet", "Golden", "Broken", "Midnight", "Paper", "Northern", "Slow", "Electric"],
    ["River", "Window", "Summer", "Engine", "Garden", "Letter", "Harbour", "Signal"],
)
SPANISH = (
    ["Lluvia", "Calle", "Noche", "Carta", "Luna", "Orilla", "Ventana", "Sombra"],
    ["sin prisa", "de papel", "del norte", "de cristal", "dormida", "de enero", "lejana", "abierta"],
)

SPANISH_NAMES = {
    "title": "Nombre de la canción",
    "artist": "Nombre(s) del artista",
    "acousticness": "Acústica",
    "danceability": "Bailabilidad",
    "duration": "Duración de la canción",
    "energy": "Energía",
    "loudness": "Volumen",
    "speechiness": "Hablado",
    "tempo": "Tempo",
    LABEL: "Me gusta",
}


def songs(rows: int, seed: int, words: tuple[list[str], list[str]]) -> pd.DataFrame:
    """Return songs of the bundled sample's statistics, with a title and an artist."""
    random = np.random.default_rng(seed)
    drawn = sample.draw(sample.statistics(), rows, seed)
    titles = [" ".join(pair) for pair in zip(*(random.choice(part, rows) for part in words), strict=True)]
    drawn.insert(0, "title", titles)
    drawn.insert(1, "artist", random.choice(ARTISTS, rows))
    return drawn.round(4)


def examples() -> dict[str, str]:
    """Return the content of each file by its name."""
    playlist = songs(60, 1, ENGLISH).rename(columns={LABEL: "liked"})
    # Somebody with the opposite taste, as a spreadsheet in Spanish would write it.
    another = songs(40, 2, SPANISH)[list(SPANISH_NAMES)]
    another[LABEL] = another[LABEL].map({1: "no", 0: "sí"})
    new = songs(10, 3, ENGLISH)[["title", "artist", *FEATURES]]
    catalogue = pd.concat([songs(300, 4, ENGLISH), songs(200, 5, SPANISH)], ignore_index=True)
    random = np.random.default_rng(6)
    catalogue["year"], catalogue["popularity"] = random.integers(1960, 2026, 500), random.integers(0, 100, 500)
    catalogue["genre"] = random.choice(GENRES, 500)
    return {
        "example_playlist.csv": playlist.to_csv(index=False, lineterminator="\n"),
        "lista_de_ejemplo.csv": another.rename(columns=SPANISH_NAMES).to_csv(
            index=False, lineterminator="\n", sep=";", decimal=","
        ),
        "new_songs.csv": new.to_csv(index=False, lineterminator="\n"),
        "example_catalogue.csv": catalogue.drop(columns=LABEL).to_csv(index=False, lineterminator="\n"),
    }


if __name__ == "__main__":
    for name, content in examples().items():
        (INCOMING / name).write_text(content, encoding="utf-8")
