"""REST and GraphQL: the HTTP edges of the prediction."""
