"""Small files of songs in many formats, with random damage.

`python -m tests.support.attacks.mutated_files COUNT SEED` sends others than `make attacks` does.
"""

import gzip
import io
import json
import random
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
import pandas as pd

from song_preference.dataset import sample
from song_preference.settings import ClientSettings, load
from tests.support.attacks.attack import Target

SONGS = 30
MUTATIONS_OF_AN_ATTACK = 100
AT_ONCE = 2
MAX_DAMAGES = 6
PARTS = [
    *(b'"', b"\0", b"\r", b"\n", b"\r\n", b",", b";", b"\t", b"|", b"-", b".", b"_", b"%", b"[", b"{", b"}", b"]"),
    *(b"sep=;\n", b"nan", b"inf", b"1e999", b"-1e308", b"null", b"0,5", b"100", b"9" * 400, b"x" * 5_000),
    *(
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xc3",
        b"PK\x03\x04",
        b"\x1f\x8b",
        b"PAR1",
        b"=cmd|'",
        "\ud800".encode("utf-16-le", "surrogatepass"),
    ),
    *(
        b"label",
        b"liked",
        b"energy",
        b"song_key",
        b"row",
        b"is_usable",
        b"duration",
        b"id",
        b"isrc",
        b"yes",
        b"no",
        b"4.5",
    ),
]
"""What is written into a file: characters and words that have a meaning in some format."""


def mutated_files(target: Target, count: int = MUTATIONS_OF_AN_ATTACK, seed: int = 0) -> str:
    """Send files with random damage to `/datasets/validate`."""
    chance = random.Random(seed)
    originals = list(_originals())
    files = (_mutated(chance, originals) for _ in range(count))
    with httpx.Client(timeout=120) as http, ThreadPoolExecutor(AT_ONCE) as threads:
        seen: Counter[int] = Counter()
        # In portions, since a pool takes whatever it is given at once.
        while portion := [content for _, content in zip(range(1_000), files, strict=False)]:
            for content, status in zip(portion, threads.map(partial(_sent, http, target), portion), strict=True):
                assert status < httpx.codes.INTERNAL_SERVER_ERROR, f"{status} for {content!r}"
                seen[status] += 1
    return (
        f"{count:,} damaged files were answered: {', '.join(f'{seen[status]} x {status}' for status in sorted(seen))}."
    )


def _originals() -> Iterator[bytes]:
    table = pd.read_csv(io.BytesIO(sample.csv())).groupby("label").head(SONGS // 2)
    titled = table.assign(
        title=[f'Señora "{at}", née; Ω' for at in range(len(table))], id=[f"{at:022}" for at in range(len(table))]
    )
    text = table.to_csv(index=False)
    yield text.encode()
    yield titled.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")
    yield titled.to_csv(index=False, sep="\t").encode("utf-16")
    yield ("sep=;\n" + titled.to_csv(index=False, sep=";", decimal=",")).encode("cp1252", "replace")
    yield (
        "My playlist\n\n" + table.assign(label=table["label"].map({0: "no", 1: "sí"})).to_csv(index=False, sep="|")
    ).encode()
    yield titled.to_json(orient="records").encode()
    yield titled.to_json(orient="records", lines=True).encode()
    yield json.dumps({"audio_features": titled.to_dict("records")}).encode()
    yield titled.to_parquet(index=False)
    yield gzip.compress(text.encode())
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, label in (("liked.csv", 1), ("disliked.csv", 0)):
            archive.writestr(name, table[table["label"] == label].drop(columns="label").to_csv(index=False))
    yield packed.getvalue()


def _mutated(chance: random.Random, originals: list[bytes]) -> bytes:
    content = bytearray(chance.choice(originals))
    for _ in range(chance.randint(1, MAX_DAMAGES)):
        at = chance.randrange(len(content) + 1)
        to = at + chance.choice((1, 2, 8, 64, 512))
        match chance.randrange(6):
            case 0:
                content[at:to] = chance.randbytes(len(content[at:to]))
            case 1:
                content[at:at] = chance.choice(PARTS)
            case 2:
                content[at:to] = chance.choice(PARTS)
            case 3:
                del content[at:to]
            case 4:
                content[at:at] = content[at:to] * chance.choice((1, 2, 50))
            case _:
                other = chance.choice(originals)
                content[at:] = other[chance.randrange(len(other)) :]
    return bytes(content)


def _sent(http: httpx.Client, target: Target, content: bytes) -> int:
    return http.post(
        f"{target.rest_url}/datasets/validate", content=content, headers={"Content-Type": "text/csv"}
    ).status_code


if __name__ == "__main__":
    print(mutated_files(Target.of(load(ClientSettings)), int(sys.argv[1]), int(sys.argv[2])))
