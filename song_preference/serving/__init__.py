"""The served model: kept fresh, swapped atomically, asked by every protocol in the same way."""
