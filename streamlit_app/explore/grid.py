"""Where the four features stand."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def two_by_two() -> list[DeltaGenerator]:
    """Row by row, so that on a phone, where columns stand below each other, the order stays."""
    return [*st.columns(2, gap="medium"), *st.columns(2, gap="medium")]
