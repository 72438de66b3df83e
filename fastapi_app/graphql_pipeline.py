"""GraphQL: runs of the pipeline."""

import strawberry


@strawberry.type
class PipelineQuery:
    """Conversions."""
