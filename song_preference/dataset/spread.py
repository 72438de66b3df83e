"""How a feature is spread, in the form that clients of the REST service read too: they have no S3."""

from pydantic import BaseModel


class Histogram(BaseModel):
    """Songs in bins of equal width; a bin holds its lower edge, the last one both."""

    edges: list[float]
    """(bins + 1,)"""
    counts: list[int]


class Spread(BaseModel):
    """One feature of the songs of one label."""

    feature: str
    label: str
    songs: int
    mean: float
    std: float
    """Sample standard deviation (n - 1)."""
    quantiles: dict[str, float]
    """By share of the songs that lie below; "0.5" is the median."""
    histogram: Histogram
