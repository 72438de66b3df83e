"""REST: dataset versions."""

from fastapi import APIRouter

router = APIRouter(tags=["datasets"])
