"""A bare Streamlit page, to compare ours with."""

import streamlit as st

st.title("Bare")
st.write("Nothing else but what Streamlit itself marks up against a rule: the place for a file.")
st.file_uploader("File")
