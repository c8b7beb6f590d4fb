"""What every request has: bounded bodies, answers as JSON, refusals with a code, one line in the
log."""

from __future__ import annotations

import asyncio
import gzip
import json
import sys
import time
import traceback
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as AsgiScope

from sync.protocol import MAX_BODY, MEDIA_GZIP, MEDIA_PLAIN, MEDIA_ZSTD, TooLarge, unpack

MAX_PASSED_OVER, PASSED_OVER_S = 64 * 1024 * 1024, 10.0
"""Of a message that is too large: bytes and seconds until the line is cut under its sender."""
MAX_PACKED = 16 * 1024 * 1024
"""Bytes of a body as it travels; a county's largest import is a twentieth of it."""
MAX_OWN = 1 << 30
"""Bytes of an answer of our own, unpacked: no bound, as it is not a stranger's."""
MAX_SMALL = 64 * 1024
"""Bytes of a login."""

T = TypeVar("T")


class Refusal(Exception):
    """An answer other than 200: a code for programs, an English sentence for whoever reads the
    line."""

    def __init__(self, status: int, code: str, message: str, **more: Any) -> None:
        super().__init__(code)
        self.status, self.code, self.message, self.more = status, code, message, more
        self.headers: dict[str, str] = {}

    def response(self) -> Response:
        body = {"error": self.code, "message": self.message, **self.more}
        return Response(msgspec.json.encode(body), self.status, self.headers, MEDIA_PLAIN)


def answer(value: Any) -> Response:
    """200 with a small value as plain JSON."""
    return Response(msgspec.json.encode(value), media_type=MEDIA_PLAIN)


async def read_body(request: Request, limit: int = MAX_PACKED) -> tuple[bytes, str]:
    """The body as it came, and its media type.

    Raises:
        Refusal: more than `limit` bytes, announced or found on the way, or of a media type not
        ours.
    """
    media = request.headers.get("content-type", MEDIA_PLAIN).partition(";")[0].strip().lower()
    if media == MEDIA_PLAIN:
        media = {"": MEDIA_PLAIN, "gzip": MEDIA_GZIP}.get(
            request.headers.get("content-encoding", "").strip().lower(), "unknown"
        )
    if media not in (MEDIA_PLAIN, MEDIA_ZSTD, MEDIA_GZIP):
        raise Refusal(415, "media_type", f"Send {MEDIA_PLAIN}, perhaps as gzip, or {MEDIA_ZSTD}.")
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > limit:
        await _pass_over(request)
        raise too_large()
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            await _pass_over(request)
            raise too_large()
        chunks.append(chunk)
    return b"".join(chunks), media


async def _pass_over(request: Request) -> None:
    """Let a message that is refused run out, unkept, for a while: who is answered in the middle of
    writing sees the connection reset and never reads why."""
    if "expect" in request.headers:
        return  # asks before it writes
    size = 0
    with suppress(TimeoutError, ClientDisconnect):
        async with asyncio.timeout(PASSED_OVER_S):
            async for chunk in request.stream():
                size += len(chunk)
                if size > MAX_PASSED_OVER:
                    return


def encoded(request: Request, content: bytes, media: str) -> Response:
    """The answer as it was packed, or, for who asks for `application/json` by name, as that, gzip
    where they take it: for programs that know no zstd."""
    accepted = request.headers.get("accept", "").lower()
    if media != MEDIA_ZSTD or MEDIA_PLAIN not in accepted or MEDIA_ZSTD in accepted:
        return Response(content, media_type=media)
    plain = unpack(content, media, MAX_OWN)
    if "gzip" not in request.headers.get("accept-encoding", "").lower():
        return Response(plain, media_type=MEDIA_PLAIN)
    return Response(
        gzip.compress(plain, 6), headers={"content-encoding": "gzip"}, media_type=MEDIA_PLAIN
    )


def too_large() -> Refusal:
    refusal = Refusal(413, "too_large", "The message is larger than this server takes.")
    refusal.headers["connection"] = "close"  # the rest of the message is not waited for
    return refusal


def unpacked(body: bytes, media: str, limit: int = MAX_BODY) -> bytes:
    """The JSON of a body.

    Raises:
        Refusal: it does not unpack, or to too much.
    """
    try:
        return unpack(body, media, limit)
    except TooLarge:
        raise too_large() from None
    except ValueError:
        raise malformed() from None


def parse(plain: bytes, type: type[T]) -> T:
    """JSON as a struct; raises `Refusal` when it is something else."""
    try:
        return msgspec.json.decode(plain, type=type)
    except (ValueError, msgspec.DecodeError, RecursionError):
        raise malformed() from None


def malformed() -> Refusal:
    return Refusal(400, "malformed", "The message cannot be read.")


def bearer(request: Request) -> str:
    """The token of a request; '' when it carries none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def peer(request: Request) -> str:
    return request.client.host if request.client else ""


def refuse_all(
    handler: Callable[[Request], Awaitable[Response]],
    of_failure: Callable[[Exception], Refusal | None] = lambda _error: None,
) -> Callable[[Request], Awaitable[Response]]:
    """A handler whose refusals are answers; so are failures that `of_failure` knows."""

    async def handle(request: Request) -> Response:
        try:
            return await handler(request)
        except Refusal as refusal:
            return refusal.response()
        except ClientDisconnect:
            return Response(status_code=499)
        except Exception as error:
            known = of_failure(error)
            if known is None:
                raise
            return known.response()

    return handle


class Journal:
    """Writes one line of JSON to stderr a request: no names, no record ids, no bodies, no
    queries."""

    def __init__(self, app: ASGIApp, paths: frozenset[str]) -> None:
        self.app = app
        self.paths = paths

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.monotonic()
        seen = {"in": 0, "out": 0, "status": 0}

        async def receiving() -> Message:
            message = await receive()
            seen["in"] += len(message.get("body", b""))
            return message

        async def sending(message: Message) -> None:
            seen["out"] += len(message.get("body", b""))
            seen["status"] = message.get("status", seen["status"])
            await send(message)

        failure: dict[str, Any] = {}
        try:
            await self.app(scope, receiving, sending)
        except Exception as error:  # noqa: BLE001 - whatever it was, it is answered and logged
            # The kind and the place of a failure, never its words: they may quote a record.
            where = traceback.extract_tb(error.__traceback__)[-1]
            failure = {"failed": type(error).__name__, "in": f"{where.name}:{where.lineno}"}
            if not seen["status"]:
                refusal = Refusal(500, "internal", "The server failed; nothing was changed.")
                await refusal.response()(scope, receiving, sending)
        line = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "method": scope["method"],
            "path": scope["path"] if scope["path"] in self.paths else "-",
            **seen,
            "ms": round((time.monotonic() - began) * 1000, 1),
        }
        if failure:
            line |= {"failed": failure["failed"], "where": failure["in"]}
        say(line)


def say(line: dict[str, Any]) -> None:
    """A line of the server's log."""
    try:
        sys.stderr.write(json.dumps(line) + "\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        pass  # nobody reads the log any more; that stops no request
