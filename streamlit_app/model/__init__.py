"""What the page "model" is made of."""
