"""The time of day where the listener is."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st


def local(moment: datetime) -> datetime:
    """The same moment in the browser's time zone; in UTC where that is not known."""
    try:
        return moment.astimezone(ZoneInfo(st.context.timezone) if st.context.timezone else UTC)
    except (ZoneInfoNotFoundError, ValueError):
        return moment.astimezone(UTC)
