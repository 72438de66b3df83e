"""How much of a body is read."""

from collections.abc import Callable

from starlette.types import Message, Receive


def bounded(receive: Receive, max_bytes: int, refusal: Callable[[], Exception]) -> Receive:
    """Reads as `receive` does and raises `refusal()` after `max_bytes`, whatever the header Content-Length says."""
    count = 0

    async def receiving() -> Message:
        nonlocal count
        message = await receive()
        count += len(message.get("body", b""))
        if count > max_bytes:
            raise refusal()
        return message

    return receiving
