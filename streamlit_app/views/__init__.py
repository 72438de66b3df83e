"""One short file for each page; not called "pages", which Streamlit would list by itself."""
