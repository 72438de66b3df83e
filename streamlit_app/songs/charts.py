"""The chart of the page "songs"."""

from typing import Any

import altair as alt
import pandas as pd

from song_preference.features import DISLIKE, LIKE
from streamlit_app.i18n import Locale
from streamlit_app.theme import Colours, Drawing

HEIGHT = 290


def probabilities(rows: pd.DataFrame, threshold: float, colours: Colours, locale: Locale) -> Drawing:
    """Return a chart of the songs by probability, in the bins of `answers.histogram`, with the threshold."""
    shown = rows.assign(named=rows["label"].map({label: locale(f"songs_{label}") for label in (LIKE, DISLIKE)}))
    scale = alt.Scale(domain=[locale("songs_dislike"), locale("songs_like")], range=[colours.dislike, colours.like])
    quarters = alt.Axis(
        values=[0, 0.25, 0.5, 0.75, 1],
        labelExpr=f"round(datum.value * 100) + '{locale.percent(0).removeprefix('0')}'",
        grid=False,
    )
    bars = (
        alt.Chart(shown)
        .mark_bar(binSpacing=2)
        .encode(
            x=alt.X("from:Q", title=locale("songs_axis"), axis=quarters).scale(domain=[0, 1], nice=False).bin("binned"),
            x2="to:Q",
            y=alt.Y("songs:Q", title=locale("songs_songs")).axis(tickCount=4, format=",d", tickMinStep=1, domain=False),
            color=alt.Color("named:N", title=None, scale=scale).legend(orient="bottom"),
        )
    )
    line = pd.DataFrame({"at": [threshold], "text": [locale("songs_threshold", threshold=locale.percent(threshold))]})
    rule = alt.Chart(line).mark_rule(strokeDash=[5, 4], strokeWidth=2, color=colours.text).encode(x="at:Q")
    # The name of the line stands where there is more room.
    look: dict[str, Any] = {"align": "right", "dx": 4} if threshold > 0.5 else {"align": "left", "dx": -4}
    name = alt.Chart(line).mark_text(fontSize=13, dy=-10, color=colours.text, **look)
    drawn: Drawing = alt.layer(bars, rule, name.encode(x="at:Q", y=alt.value(0), text="text:N"))
    return drawn.properties(height=HEIGHT)
