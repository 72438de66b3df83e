"""Compares songs by title and artist, which different sources write differently."""

import hashlib
import re
import unicodedata

SEVERAL = re.compile(r"[,;]| feat(?:uring)?\b| ft\b", re.IGNORECASE)
"""What follows the first of several artists."""


def name_key(title: str, artist: str) -> int:
    """Return a digest of 64 bits of title and first artist, without case, accents and signs."""
    names = f"{_plain(title)}\n{_plain(main_artist(artist))}"
    return int.from_bytes(hashlib.blake2b(names.encode(errors="surrogatepass"), digest_size=8).digest(), signed=True)


def main_artist(artist: str) -> str:
    """Return the first of several artists."""
    return SEVERAL.split(artist, maxsplit=1)[0].strip() or artist


def _plain(text: str) -> str:
    kept = "".join(sign for sign in unicodedata.normalize("NFKD", text.casefold()) if sign.isalnum())
    return kept or text
