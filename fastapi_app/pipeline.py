"""REST: runs of the pipeline."""

from fastapi import APIRouter

router = APIRouter(tags=["pipeline"])
