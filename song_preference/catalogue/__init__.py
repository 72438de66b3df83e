"""Songs by name: catalogues that listeners bring, and what the champion predicts for each of their songs."""
