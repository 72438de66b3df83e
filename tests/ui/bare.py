"""A bare Streamlit page, to compare ours with."""

import streamlit as st

st.title("Bare")
st.write("Nothing else.")
