"""Tools that start, check, back up and restore the platform; the domain imports none of them."""
