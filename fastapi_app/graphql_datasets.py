"""GraphQL: dataset versions."""

import strawberry


@strawberry.type
class DatasetQuery:
    """Conversions."""
