"""What the page "songs" is made of."""
