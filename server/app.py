"""The county server's HTTP application: login, sync, recovery, history, health."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from msgspec import Raw, Struct
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from schema import jsonschema
from schema.kinds import KINDS
from server import bundles, lookout, quarantine, scans, senders, spool, syncing
from server.accounts import User
from server.behind import Behind
from server.home import PRIVATE_KEY, Home
from server.passwords import Brake
from server.pressure import Door, of_store
from server.queue import Queue
from server.requests import (
    MAX_SMALL,
    Journal,
    Refusal,
    answer,
    bearer,
    encoded,
    parse,
    peer,
    read_body,
    refuse_all,
    say,
    unpacked,
)
from server.store.sqlite import wall_ms
from server.workers import Desk, Workers
from sync import sealing
from sync.branches import MOST_WANTED
from sync.protocol import PROTOCOL, pack
from sync.scans import GetRequest, PutRequest
from sync.scope import Scope, UnitTree
from sync.spool import SpoolResponse

TRIES = 10
"""Failed logins of one user from one place before one has to wait."""
TRIES_OF_A_PLACE = 100
"""The same for all users of one place: a whole office may stand behind one address."""
REFILL_S = 30.0
MUCH = 50_000
"""Bytes of an answer while whose sender other work had better wait: a page of a fill."""
NOTE_AFTER_S = 0.25
"""Devices' last contacts are written together, so that an empty sync writes nothing itself."""


class LoginRequest(Struct):
    user: str
    password: str
    device: str = ""
    keys: bytes = b""
    """The device's public keys, for bundles."""
    name: str = ""
    """What the laptop is called, for people."""


class SplitRequest(Struct):
    keys: bytes = b""
    """The new device's public keys, for bundles."""
    name: str = ""
    """What the laptop is called, for people."""


class RecoverRequest(Struct):
    user: str
    password: str
    device: str
    sealed: str


Handler = Callable[[Request], Awaitable[Response]]


class County:
    """The application: handlers over a home's workers."""

    def __init__(self, home: Home) -> None:
        self.workers = Workers(home)
        self.behind = Behind(self.workers)
        self.queue = Queue()
        self.door = Door()
        self.by_user = Brake(TRIES, REFILL_S)
        self.by_place = Brake(TRIES_OF_A_PLACE, REFILL_S / 10)
        self._contacts: dict[str, tuple[int, int]] = {}
        self._noting: asyncio.Task[None] | None = None

    # ---------------------------------------------------------------- login

    async def login(self, request: Request) -> Response:
        body, media = await read_body(request, MAX_SMALL)
        asked = parse(unpacked(body, media, MAX_SMALL), LoginRequest)
        user = await self._checked(request, asked.user, asked.password)

        def work(desk: Desk) -> dict[str, Any]:
            made = desk.accounts.log_in(user, asked.device)
            if made.is_revoked:  # the token only lets it hand in what it has not sent
                more = {"token": made.token} if made.token else {}
                raise Refusal(403, "revoked", "This device has been revoked.", taken=[], **more)
            senders.put_keys(desk, made.device, asked.keys)
            desk.accounts.name_device(made.device, asked.name)
            return {
                "token": made.token,
                "device": made.device,
                "user": user.name,
                "name": user.display,
                "grants": user.grants,
                "county": bundles.county(desk),
                "now": desk.store.now_ms(),
                "protocol": PROTOCOL,
            }

        return answer(await self.workers.write(work))

    async def logout(self, request: Request) -> Response:
        token = bearer(request)

        def work(desk: Desk) -> None:
            desk.accounts.log_out(syncing.identify(desk, token).device.id)

        await self.workers.write(work)
        return answer({"status": "ok"})

    async def split(self, request: Request) -> Response:
        """A device id of its own for a laptop that was made from another's disk."""
        token = bearer(request)
        body, media = await read_body(request, MAX_SMALL)
        asked = parse(unpacked(body, media, MAX_SMALL), SplitRequest)

        def work(desk: Desk) -> dict[str, str]:
            twin = syncing.identify(desk, token).device
            if twin.is_revoked:
                raise Refusal(403, "revoked", "This device has been revoked.", taken=[])
            made = desk.accounts.split(twin)
            senders.put_keys(desk, made.device, asked.keys)
            desk.accounts.name_device(made.device, asked.name)
            return {"device": made.device, "token": made.token}

        return answer(await self.workers.write(work))

    async def recover(self, request: Request) -> Response:
        body, media = await read_body(request, MAX_SMALL)
        asked = parse(unpacked(body, media, MAX_SMALL), RecoverRequest)
        user = await self._checked(request, asked.user, asked.password)

        def work(desk: Desk) -> dict[str, str]:
            try:
                sealed = base64.b64decode(asked.sealed, validate=True)
                key = sealing.unseal(desk.store.meta(PRIVATE_KEY) or b"", sealed)
            except ValueError:
                raise Refusal(400, "malformed", "This was not sealed for this county.") from None
            if not desk.accounts.use_recovery(asked.device, user.name):
                raise Refusal(403, "no_recovery", "Recovery is not allowed for this device.")
            return {"key": base64.b64encode(key).decode()}

        return answer(await self.workers.write(work))

    async def _checked(self, request: Request, name: str, password: str) -> User:
        """The user, unless password or patience is wanting."""
        place = peer(request)
        for brake, key in ((self.by_user, (name, place)), (self.by_place, (place,))):
            wait = brake.spend(*key)
            if wait:
                refusal = Refusal(429, "throttled", "Too many attempts.")
                refusal.headers["retry-after"] = str(math.ceil(wait))
                raise refusal
        user = await self.workers.read(lambda desk: desk.accounts.check_login(name, password))
        if user is None:
            raise Refusal(401, "login", "Wrong user or password.")
        self.by_user.give_back(name, place)
        self.by_place.give_back(place)
        return user

    # ----------------------------------------------------------------- sync

    async def sync(self, request: Request) -> Response:
        body, media = await read_body(request)
        read = self.workers.read_much if len(body) > MUCH else self.workers.read
        ask, packed = await read(syncing.begin(bearer(request), body, media))
        changes, follows = ask.request.changes, ask.request.follows
        is_much = packed is None and (len(changes) > lookout.AT_ONCE or follows)
        if not is_much:
            self.queue.pass_by()
        if is_much:
            if follows:
                await self.queue.behind(ask.caller.device.id, follows)
            if changes:
                self.queue.join(ask.caller.device.id, changes[-1].seq)
            taking = syncing.take_in_much(ask, is_alone=self.queue.is_quiet)
            packed = await self.workers.write(taking)
            self.behind.pushed_much()
        elif packed is None:
            verdicts = await self.workers.write(syncing.take_in(ask))
            await self.behind.pushed(changes)
            packed = await self.workers.read(syncing.give_out(ask, verdicts))
        content, media = packed
        if len(content) > MUCH:
            self.behind.is_busy()
        compare = ask.request.compare
        if compare is not None and compare.wanted:
            wanted = compare.wanted[:MOST_WANTED]
            await self.workers.write(syncing.note_healing(ask, wanted))
        self._note(ask)
        return encoded(request, content, media)

    def _note(self, ask: syncing.Ask) -> None:
        self._contacts[ask.caller.device.id] = wall_ms(), ask.acked
        if self._noting is None or self._noting.done():
            self._noting = asyncio.create_task(self._note_later())

    async def _note_later(self) -> None:
        while self._contacts:
            await asyncio.sleep(NOTE_AFTER_S)
            noted, self._contacts = self._contacts, {}
            syncs = [(device, at, acked) for device, (at, acked) in noted.items()]

            def work(desk: Desk, syncs: list[tuple[str, int, int]] = syncs) -> None:
                desk.accounts.note_syncs(syncs)

            try:
                await self.workers.write(work)
            except Exception as error:  # noqa: BLE001 - no sync fails because its time is not noted
                say({"failed": type(error).__name__, "where": "note_syncs"})

    async def spool(self, request: Request) -> Response:
        """Envelopes of the other users of the caller's laptop."""
        body, media = await read_body(request)
        delivered = await self.workers.read(spool.read_request(bearer(request), body, media))
        verdicts = []
        for data in delivered:  # in turn with others' pushes
            verdicts += await self.workers.write(spool.take_each([data]))
        return answer(SpoolResponse(verdicts))

    async def put_scan(self, request: Request) -> Response:
        """A piece of a paper's bytes."""
        body, media = await read_body(request)
        asked = parse(unpacked(body, media), PutRequest)
        return answer(await self.workers.write(scans.put(bearer(request), asked)))

    async def get_scan(self, request: Request) -> Response:
        """A piece of a paper's bytes, for a caller who may read the paper now."""
        body, media = await read_body(request, MAX_SMALL)
        asked = parse(unpacked(body, media, MAX_SMALL), GetRequest)
        return answer(await self.workers.read(scans.get(bearer(request), asked)))

    # -------------------------------------------------------------- history

    async def history(self, request: Request) -> Response:
        """Every entry of one record, for a caller who may read it now."""
        token, record = bearer(request), request.query_params.get("record", "")

        def work(desk: Desk) -> tuple[bytes, str]:
            user = syncing.identify(desk, token)
            if user.device.is_revoked:
                raise Refusal(403, "revoked", "This device has been revoked.", taken=[])
            grants = user.user.grants
            with desk.store.read():
                state = desk.store.states([record]).get(record)
                is_public = state is not None and KINDS[state.kind].scope == "public"
                if not is_public and grants and all(g.role == "inspector" for g in grants):
                    raise Refusal(403, "inspector", "An inspector reads no records.")
                scope = Scope(grants, UnitTree(desk.store.parents()))
                place = desk.store.places([state.root]).get(state.root) if state else None
                units = place.units if place else ()
                if state is None or not scope.reads(state.kind, state.root, units):
                    raise Refusal(404, "not_found", "No such record in your scope.")
                entries = [Raw(body) for body in desk.store.history(record)]
            return pack({"entries": entries})

        content, media = await self.workers.read(work)
        return encoded(request, content, media)

    async def schema(self, request: Request) -> Response:
        """What a record of each kind may hold, as JSON Schema. Nobody's data: needs no token."""
        return answer({name: jsonschema.of_kind(kind) for name, kind in KINDS.items()})

    async def healthz(self, request: Request) -> Response:
        await self.workers.read(lambda desk: desk.store.head())
        return answer({"status": "ok"})

    # ------------------------------------------------------------- lifespan

    @contextlib.asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        # A store that opens, or no start; and what waited for this program to be updated.
        done = await self.workers.write(quarantine.take_again)
        if done.taken:
            say({"taken_after_update": done.taken, "kept": done.kept})
        try:
            self.behind.start()
            yield
        finally:
            self.behind.stop()
            if self._noting is not None:
                await self._noting
            self.workers.close()


async def _not_found(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    code = {404: "not_found", 405: "method"}.get(status, "refused")
    return Refusal(status, code, "There is nothing to be had here in this way.").response()


def make_app(home: Home) -> Starlette:
    """The application over a server's folder."""
    county = County(home)

    def handled(handler: Handler) -> Handler:
        return refuse_all(handler, of_store)

    def in_turn(handler: Handler) -> Handler:
        """What brings much at once is let in only while there is room."""

        async def handle(request: Request) -> Response:
            with county.door.let_in(request):
                return await handler(request)

        return handled(handle)

    routes = [
        Route("/healthz", handled(county.healthz), methods=["GET"]),
        Route("/v1/login", handled(county.login), methods=["POST"]),
        Route("/v1/logout", handled(county.logout), methods=["POST"]),
        Route("/v1/device", handled(county.split), methods=["POST"]),
        Route("/v1/recover", handled(county.recover), methods=["POST"]),
        Route("/v1/sync", in_turn(county.sync), methods=["POST"]),
        Route("/v1/spool", in_turn(county.spool), methods=["POST"]),
        Route("/v1/scan/put", in_turn(county.put_scan), methods=["POST"]),
        Route("/v1/scan/get", handled(county.get_scan), methods=["POST"]),
        Route("/v1/history", handled(county.history), methods=["GET"]),
        Route("/v1/schema", handled(county.schema), methods=["GET"]),
    ]
    paths = frozenset(route.path for route in routes)
    return Starlette(
        routes=routes,
        middleware=[Middleware(Journal, paths=paths)],
        exception_handlers={404: _not_found, 405: _not_found},
        lifespan=county.lifespan,
    )
