"""The platform on one machine, without Docker: the same services under supervisor."""
