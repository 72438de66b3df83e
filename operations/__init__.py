"""Tools that start, check, back up and restore the platform; its packages import none of them."""
