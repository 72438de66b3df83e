"""Songs by name: catalogues that listeners bring, and what the champion answers for each of their songs."""
