"""Bounded attacks on a platform on loopback, and the longest stall that they cause: `make attacks`."""
