"""The page "songs" and what is done on it."""

from streamlit.testing.v1 import AppTest

from song_preference.features import FEATURES

HEADER = ",".join(FEATURES)
SOME_BAD = f"title,{HEADER}\nA,0.1,0.2,0.3,0.4\nB,,0.2,9,0.4\nC,0.1,0.2,0.9,0.4\n".encode()


def upload(page: AppTest, content: bytes, name: str = "my*list.csv") -> AppTest:
    return page.file_uploader[0].set_value((name, content, "text/csv")).run()


def ask(page: AppTest) -> AppTest:
    return page.button("songs_ask").click().run()
