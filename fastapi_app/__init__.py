"""The HTTP APIs: REST and GraphQL."""
