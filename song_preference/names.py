"""Compares songs by title and artist, which different sources write differently, and takes searches for them apart."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Sequence

SPOTIFY_ID = re.compile("[0-9A-Za-z]{22}")

SEVERAL = re.compile(r"[,;]| [(\[]?(?:feat(?:uring)?|ft)\b", re.IGNORECASE)
"""What follows the first of several artists."""


def name_key(title: str, artist: str) -> int:
    """Return a digest of 64 bits of title and first artist, without case, accents and signs."""
    names = f"{plain_name(title)}\n{plain_name(main_artist(artist))}"
    return int.from_bytes(hashlib.blake2b(names.encode(errors="surrogatepass"), digest_size=8).digest(), signed=True)


def main_artist(artist: str) -> str:
    """Return the first of several artists."""
    return SEVERAL.split(artist, maxsplit=1)[0].strip() or artist


def words_of(query: str) -> list[str]:
    """Return the words of a query, each once, so that nothing of FTS5's own language is left; FTS5 folds them."""
    found = re.findall(r"[^\W_]+", unicodedata.normalize("NFC", query))
    return list({word.casefold(): word for word in found}.values())


def beginnings(words: Sequence[str]) -> Iterator[str]:
    """Yield what asks FTS5 for words that begin like these; one letter begins so many that it stands for itself."""
    folded = [word.casefold() for word in words]
    for word, own in zip(words, folded, strict=True):
        if len(word) == 1:
            yield f'"{word}"'
        # A word that begins another one asks for nothing more.
        elif not any(other != own and other.startswith(own) for other in folded):
            yield f'"{word}"*'


def plain_name(text: str) -> str:
    """Return a title or an artist without case, accents and signs, or as it is if nothing else is in it."""
    kept = "".join(filter(str.isalnum, unicodedata.normalize("NFKD", text.casefold())))
    return kept or text
