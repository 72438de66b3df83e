"""The options of a run and one more, which no form may miss."""

from song_preference.run_options import ETL_OPTIONS, Option

MORE_OPTIONS = (
    *ETL_OPTIONS,
    Option(
        "noise",
        int,
        3,
        title={"en": "Noise", "es": "Ruido"},
        description={"en": "How much noise.", "es": "Cuánto ruido."},
        bounds=(1, 9),
    ),
)
