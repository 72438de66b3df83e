"""What a cell of the label column says: 1 for a like, 0 for a dislike."""

from collections.abc import Iterable

from song_preference.song_table.columns import plain

WORDS = {
    1: "like, likes, liked, love, loved, yes, y, si, sí, true, t, good, me gusta, gusta, 👍, ❤",
    0: "dislike, dislikes, disliked, hate, hated, no, n, false, f, bad, not liked, don't like, no me gusta, "
    "no gusta, 👎",
}
MEANT = {plain(word) or word: label for label, words in WORDS.items() for word in words.split(", ")}


def label_of(written: str) -> int | None:
    """Return the label that a cell means, or None."""
    word = written.strip().rstrip("\N{VARIATION SELECTOR-16}")
    try:
        number = float(word)
    except ValueError:
        return MEANT.get(plain(word) or word)
    return int(number) if number in (0, 1) else None


def are_ratings(written: Iterable[str]) -> bool:
    """Return whether the cells grade songs with more numbers than 0 and 1."""
    numbers = set()
    for cell in written:
        try:
            numbers.add(float(cell))
        except ValueError:
            return False
    return len(numbers - {0, 1}) > 0
