"""Keys pressed in the program over a village, without a terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from dump import screen_text
from village import Village

Story = Callable[[Any, Any], Awaitable[None]]


def play(
    village: Village,
    story: Story,
    size: tuple[int, int] = (80, 24),
    user: str = "何秀英",
    theme: str = "dark",
) -> None:
    """Open the program as `user` and let the story happen; every row must fit the screen at its
    end."""

    async def go() -> None:
        app = village.program(user, theme)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await story(app, pilot)
            await pilot.pause()
            assert len(screen_text(app)) == size[1]

    asyncio.run(go())


async def shown(app: Any, pilot: Any) -> str:
    """The whole screen as text, once it has come to rest."""
    await pilot.pause()
    return "\n".join(screen_text(app))
