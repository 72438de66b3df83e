"""gRPC API: the same predictions as REST and GraphQL, for other services."""
