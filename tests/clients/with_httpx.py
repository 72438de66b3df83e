"""httpx: one song, many songs, and a song that is none."""

import httpx
from songs import REST_URL, SONGS, TRUSTING, answered, report

with httpx.Client(base_url=REST_URL, timeout=60, verify=TRUSTING) as http:
    each = [http.post("/predict", json=song).raise_for_status().json() for song in SONGS[:50]]
    batch = http.post("/predict/batch", json={"songs": SONGS}).raise_for_status().json()["predictions"]
    wrong = http.post("/predict", json={**SONGS[0], "energy": 2})
assert [each_one["probability"] for each_one in each] == [answer["probability"] for answer in batch[:50]]
assert wrong.status_code == httpx.codes.UNPROCESSABLE_ENTITY
assert wrong.json()["errors"][0]["field"] == "energy"
answered("httpx", [answer["liked"] for answer in batch], [answer["probability"] for answer in batch])
report()
