"""What the page "pipeline" is made of."""
