"""Short names of units, as people say them: 冯家岭村, not 冯家岭村村民委员会."""

from __future__ import annotations

from functools import lru_cache

SUFFIXES = ("村民委员会", "居民委员会", "村委会", "居委会")


@lru_cache(maxsize=20_000)
def short_name(name: str) -> str:
    """A village's name without its committee; 青梅路社区居民委员会 becomes 青梅路社区."""
    for suffix in SUFFIXES:
        if name.endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)]
    return name
