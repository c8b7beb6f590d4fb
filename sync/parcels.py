"""The pages of a bundle: the messages of a synchronisation, and beside them the bytes of papers, which
travel apart from changes on the wire too.

A page with papers holds nothing else. Programs that know of none pass over what they do not know.
"""

from __future__ import annotations

from typing import NamedTuple

from sync.protocol import SyncRequest, SyncResponse

MOST_CARRIED = 32 * 1024 * 1024
"""Bytes of papers in one answer; what does not fit is asked for with the next bundle."""


class Carried(NamedTuple):
    """A paper and its bytes, whole."""

    paper: str
    content: bytes


class Request(SyncRequest, omit_defaults=True):
    """A page of a device's bundle."""

    papers: list[Carried] = []  # noqa: RUF012 - msgspec copies it
    wanted: list[str] | None = None
    """On the first page: papers whose bytes are asked for. None: a program without papers."""


class Response(SyncResponse, omit_defaults=True):
    """A page of the county's answer."""

    papers: list[Carried] = []  # noqa: RUF012
    taken: list[str] = []  # noqa: RUF012
    """Papers of the bundle of which the county has all bytes now."""

    @property
    def is_papers(self) -> bool:
        return bool(self.papers or self.taken)
