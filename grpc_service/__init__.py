"""gRPC: the same prediction, for services that integrate."""
