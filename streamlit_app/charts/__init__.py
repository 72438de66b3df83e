"""The charts of the pages, with Altair."""
