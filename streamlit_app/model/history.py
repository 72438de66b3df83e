"""How good each version is, one beside the other."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import altair as alt
import pandas as pd

from streamlit_app.model.charts import PADDING
from streamlit_app.model.versions import OTHER, ROLES, Row
from streamlit_app.theme import Colours, without_data
from streamlit_app.words import Words

HEIGHT = 240
SHAPES = ["circle", "diamond", "circle"]


@cache
def history(colours: Colours, words: Words) -> dict[str, Any]:
    """ROC AUC with its interval by version, from the oldest; champion and challenger by colour and shape."""
    kinds = [*ROLES, OTHER]
    x = alt.X("version:O", sort=None, title=words("version"), axis=alt.Axis(labelAngle=0, labelOverlap=True))
    y = alt.Y("value:Q", title="ROC AUC", axis=alt.Axis(tickCount=5, format=".2f")).scale(zero=False)
    colour = alt.Color("role:N", legend=None).scale(domain=kinds, range=[colours.like, colours.dislike, colours.quiet])
    shape = alt.Shape("role:N", legend=None).scale(domain=kinds, range=SHAPES)
    size = alt.condition(alt.datum.role == OTHER, alt.value(60), alt.value(190))
    told = [
        alt.Tooltip("version:N", title=words("version")),
        alt.Tooltip("moment:N", title=words("model_column_date")),
        alt.Tooltip("kind:N", title=words("model_column_kind")),
        alt.Tooltip("shown:N", title="ROC AUC"),
    ]
    base = alt.Chart().encode(x=x, color=colour)
    bars = base.mark_rule(strokeWidth=3).encode(y=alt.Y("low:Q").scale(zero=False), y2="high:Q")
    dots = base.mark_point(filled=True, opacity=1).encode(y=y, shape=shape, size=size, tooltip=told)
    return without_data(alt.layer(bars, dots).properties(height=HEIGHT, padding=PADDING), words)


def history_rows(rows: Sequence[Row], limit: int) -> pd.DataFrame:
    """The newest `limit` of the versions that were measured, the oldest first; empty where there is none."""
    measured = [row for row in rows if row.roc_auc is not None][:limit]
    return pd.DataFrame(
        [
            {
                "version": row.version,
                "role": row.role,
                "moment": row.moment,
                "kind": row.kind,
                "shown": row.shown,
                **row.roc_auc._asdict(),
            }
            for row in reversed(measured)
            if row.roc_auc is not None
        ]
    )
