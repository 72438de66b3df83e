"""The parts of the page "explore" that have more to do than to be drawn."""
