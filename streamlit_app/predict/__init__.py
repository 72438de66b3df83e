"""What the page "predict" is made of."""
