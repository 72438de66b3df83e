"""What the page "explore" is made of."""
