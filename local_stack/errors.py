"""What ends a start: the part's name, its last words and the remedy."""


class StackError(Exception):
    """A message for the person at the terminal."""
