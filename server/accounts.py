"""Users, what they may do, and the devices they use."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import unicodedata
from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from schema.kinds import KINDS
from schema.problems import InvalidValue, Problem
from schema.roles import ROLES
from server import passwords
from server.store.sqlite import SqliteStore
from sync import ids
from sync.change import Grant
from sync.hub import Hub
from sync.reading import device_record

TOKEN_DAYS = 365
"""A device logs in again once a year, and after every new password."""
_DAY_MS = 86_400_000


class User(Struct, frozen=True):
    """A person with a login."""

    name: str
    display: str
    is_disabled: bool
    grants: tuple[Grant, ...]


def told_of(user: User) -> dict[str, Any]:
    """What every laptop is told of a user."""
    posts = " ".join(sorted({f"{g.role}@{g.unit}" for g in user.grants}))
    return {
        "login": user.name,
        "name": user.display,
        "is_disabled": user.is_disabled or None,
        "posts": posts or None,
    }


class Device(Struct, frozen=True):
    """A laptop that has logged in."""

    id: str
    user: str
    created: int
    last_sync: int | None
    acked: int
    """Log number up to which it has stored everything, as it said itself."""
    is_revoked: bool
    may_recover: bool
    cloned_from: str | None = None
    """The device whose disk was copied to make this one."""


class Login(Struct, frozen=True):
    """What a login gives."""

    token: str
    device: str
    is_revoked: bool = False
    """The token then serves to hand in unsent work and for nothing else."""


class Caller(Struct, frozen=True):
    """Who a token belongs to."""

    user: User
    device: Device


class Accounts:
    """Accounts over a store. Every method is one transaction, or part of the caller's."""

    def __init__(self, store: SqliteStore, hub: Hub) -> None:
        self.store = store
        self.hub = hub

    # --------------------------------------------------------------- users

    def add_user(
        self, name: str, password: str, grants: Iterable[Grant], display: str = ""
    ) -> User:
        """Raises `InvalidValue`: the name is taken or cannot be one, the password too short, …"""
        name = unicodedata.normalize("NFC", name)
        shown = display or name
        wrong = KINDS["user"].problems({"login": name, "name": shown})
        if wrong:
            raise InvalidValue(wrong[0][1])
        if not name or name != name.strip() or not name.isprintable() or name in ("hub", "server"):
            raise InvalidValue(Problem("user_name", "这个用户名不能用。"))
        passwords.check(password)
        stored = passwords.hashed(password)
        with self.store.write():
            # A user's public record has the login as its id, and ids are one space for all kinds.
            if self._password(name) is not None or self.store.states([name]):
                raise InvalidValue(
                    Problem("user_exists", "已经有「{name}」了。", args=(("name", name),))
                )
            self.store.connection.execute(
                "INSERT INTO user (name, display, password, created) VALUES (?, ?, ?, ?)",
                (name, shown, stored, self.store.now_ms()),
            )
            for grant in grants:
                self._grant(name, grant)
            self._publish(name)
            return self.user(name)

    def user(self, name: str) -> User:
        """Raises `InvalidValue` when there is none."""
        found = self._users("WHERE name = ?", name)
        if not found:
            raise InvalidValue(
                Problem("unknown_user", "没有「{name}」这个用户。", args=(("name", name),))
            )
        return found[0]

    def users(self) -> list[User]:
        return self._users("ORDER BY name")

    def set_password(self, name: str, password: str) -> None:
        """A new password; every device of the user must log in again."""
        passwords.check(password)
        stored = passwords.hashed(password)
        with self.store.write():
            self.user(name)
            self.store.connection.execute(
                "UPDATE user SET password = ? WHERE name = ?", (stored, name)
            )
            for device in self.devices(name):
                if not device.is_revoked:  # a revoked one may still hand in its unsent work
                    self._put_token(device.id)

    def disable(self, name: str) -> None:
        with self.store.write():
            self.user(name)
            self.store.connection.execute("UPDATE user SET disabled = 1 WHERE name = ?", (name,))
            self._publish(name)

    def grant(self, name: str, grant: Grant) -> None:
        with self.store.write():
            self.user(name)
            self._grant(name, grant)
            self._publish(name)

    def ungrant(self, name: str, grant: Grant) -> None:
        with self.store.write():
            self.user(name)
            gone = self.store.connection.execute(
                "DELETE FROM user_grant WHERE user = ? AND role = ? AND unit = ? AND child = ?",
                (name, grant.role, grant.unit, grant.child),
            ).rowcount
            if not gone:
                raise InvalidValue(
                    Problem("no_such_grant", "「{name}」没有这项权限。", args=(("name", name),))
                )
            self._publish(name)

    def check_login(self, name: str, password: str) -> User | None:
        """The user, or None: wrong name, wrong password, disabled."""
        name = unicodedata.normalize("NFC", name)
        with self.store.read():
            stored = self._password(name)
        if not passwords.matches(stored, password):
            return None
        with self.store.read():
            user = self.user(name)
        return None if user.is_disabled else user

    def _password(self, name: str) -> str | None:
        row = self.store.connection.execute(
            "SELECT password FROM user WHERE name = ?", (name,)
        ).fetchone()
        return row[0] if row else None

    def _users(self, where: str, *values: str) -> list[User]:
        grants: dict[str, list[Grant]] = {}
        with self.store.read():
            rows = self.store.connection.execute(
                f"SELECT name, display, disabled FROM user {where}", values
            ).fetchall()
            for user, role, unit, child in self.store.connection.execute(
                "SELECT user, role, unit, child FROM user_grant "
                + ("WHERE user = ? " if values else "")
                + "ORDER BY role, unit, child",
                values,
            ):
                grants.setdefault(user, []).append(Grant(role, unit, child))
        return [User(n, shown, bool(off), tuple(grants.get(n, ()))) for n, shown, off in rows]

    def _grant(self, name: str, grant: Grant) -> None:
        if grant.role not in ROLES:
            raise InvalidValue(
                Problem("unknown_role", "没有「{role}」这种角色。", args=(("role", grant.role),))
            )
        if grant.unit and grant.unit not in self.store.parents():
            raise InvalidValue(
                Problem("unknown_unit", "没有代码为 {unit} 的单位。", args=(("unit", grant.unit),))
            )
        if grant.child:
            child = self.store.states([grant.child]).get(grant.child)
            if child is None or child.kind != "child":
                raise InvalidValue(
                    Problem(
                        "unknown_child", "没有编号为 {id} 的孩子。", args=(("id", grant.child),)
                    )
                )
        self.store.connection.execute(
            "INSERT OR IGNORE INTO user_grant VALUES (?, ?, ?, ?)",
            (name, grant.role, grant.unit, grant.child),
        )

    def _publish(self, name: str) -> None:
        """Tell every device who this is, so that an author is a person."""
        values = told_of(self.user(name))
        told = self.store.states([name]).get(name)
        fresh = {k: v for k, v in values.items() if v != (told.values.get(k) if told else None)}
        if fresh:
            self.hub.write("user", name, fresh)

    # ------------------------------------------------------------- devices

    def log_in(self, user: User, device: str = "") -> Login:
        """A token for a new device or one the user already has.

        An id unknown here is taken as it is (a hub restored from a backup has forgotten it), unless
        someone else's changes carry it.
        """
        with self.store.write():
            known = self._devices("WHERE id = ?", device)[:1] if device else []
            if known and known[0].is_revoked:
                is_own = known[0].user == user.name
                return Login(self._put_token(device) if is_own else "", device, is_revoked=True)
            is_foreign = known and known[0].user != user.name
            if not device or is_foreign or not _is_device_id(device) or self._other(device, user):
                device = ids.new_device_id(secrets.token_bytes)
                known = []
            if not known:
                self.store.connection.execute(
                    "INSERT INTO device (id, user, token, created, issued) VALUES (?, ?, ?, ?, 0)",
                    (device, user.name, secrets.token_bytes(32), self.store.now_ms()),
                )
            return Login(self._put_token(device), device)

    def name_device(self, device: str, name: str) -> None:
        """Tell every laptop what this one is called; a name that cannot be one is let go."""
        shown = " ".join(name.split())
        if not shown or KINDS["device"].problems({"name": shown}):
            return
        id_ = device_record(device)
        with self.store.write():
            told = self.store.states([id_]).get(id_)
            if told is None or told.values.get("name") != shown:
                self.hub.write("device", id_, {"name": shown})

    def device_names(self) -> dict[str, str]:
        """Device to what its laptop is called, of those that told it."""
        with self.store.read():
            records = {device_record(device.id): device.id for device in self.devices()}
            states = self.store.states(list(records))
        return {records[id_]: str(state.values.get("name")) for id_, state in states.items()}

    def name_formers(self, device: str, formers: Iterable[str]) -> None:
        """Ids that nobody logged in with are called like the laptop that wrote under them: one of
        a copied disk had to take another. Inside `write`."""
        wanted = [id_ for id_ in formers if not self._devices("WHERE id = ?", id_)]
        own = self.store.states([device_record(device)]) if wanted else {}
        for state in own.values():
            for id_ in wanted:
                self.name_device(id_, str(state.values["name"]))

    def split(self, twin: Device) -> Login:
        """A device and a token of its own for a laptop made from the disk of another."""
        with self.store.write():
            made = self.log_in(self.user(twin.user))
            self.store.connection.execute(
                "UPDATE device SET cloned_from = ? WHERE id = ?", (twin.id, made.device)
            )
        return made

    def may_speak_for(self, user: User, device: str, *, is_leaving: bool = False) -> bool:
        """True when what a laptop of `user` sends under another id than its own can be its own:
        it took a new id, and a restored county may have forgotten the old one. One that only hands
        in (`is_leaving`) may bring what was written under a revoked id."""
        with self.store.read():
            known = self._devices("WHERE id = ?", device)[:1]
            if known:
                return known[0].user == user.name and (is_leaving or not known[0].is_revoked)
            return _is_device_id(device) and not self._other(device, user)

    def log_out(self, device: str) -> None:
        with self.store.write():
            self._put_token(device)

    def caller(self, token: str) -> Caller | None:
        """Who holds a token; None when nobody does, it has run out, or the user is disabled."""
        with self.store.read():
            row = self.store.connection.execute(
                "SELECT id, issued FROM device WHERE token = ?", (_digest(token),)
            ).fetchone()
            if row is None:
                return None
            device = self._devices("WHERE id = ?", row[0])[0]
            if not device.is_revoked and row[1] + TOKEN_DAYS * _DAY_MS < self.store.now_ms():
                return None
            user = self.user(device.user)
        return None if user.is_disabled and not device.is_revoked else Caller(user, device)

    def devices(self, user: str = "") -> list[Device]:
        if user:
            return self._devices("WHERE user = ? ORDER BY created, id", user)
        return self._devices("ORDER BY created, id")

    def device(self, id: str) -> Device:
        """Raises `InvalidValue` when there is none."""
        found = self._devices("WHERE id = ?", id)
        if not found:
            raise InvalidValue(
                Problem("unknown_device", "没有编号为 {id} 的设备。", args=(("id", id),))
            )
        return found[0]

    def revoke(self, id: str) -> None:
        with self.store.write():
            self.device(id)
            self.store.connection.execute(
                "UPDATE device SET revoked = 1, allow_recovery = 0 WHERE id = ?", (id,)
            )

    def allow_recovery(self, id: str) -> None:
        """Let the device's user get the store's key back, once."""
        with self.store.write():
            if self.device(id).is_revoked:
                raise InvalidValue(
                    Problem("device_revoked", "设备 {id} 已经停用。", args=(("id", id),))
                )
            self.store.connection.execute(
                "UPDATE device SET allow_recovery = 1 WHERE id = ?", (id,)
            )

    def use_recovery(self, id: str, user: str) -> bool:
        """True, once, when recovery has been allowed for this device of this user."""
        with self.store.write():
            used: int = self.store.connection.execute(
                "UPDATE device SET allow_recovery = 0 "
                "WHERE id = ? AND user = ? AND allow_recovery = 1 AND revoked = 0",
                (id, user),
            ).rowcount
        return used == 1

    def note_syncs(self, syncs: Iterable[tuple[str, int, int]]) -> None:
        """(device, time in ms, log number it has stored up to), of several devices at once."""
        with self.store.write():
            self.store.connection.executemany(
                "UPDATE device SET last_sync = ?, acked = ? WHERE id = ?",
                [(at, acked, device) for device, at, acked in syncs],
            )

    def _devices(self, where: str, *values: str) -> list[Device]:
        rows = self.store.connection.execute(
            "SELECT id, user, created, last_sync, acked, revoked, allow_recovery, cloned_from "
            f"FROM device {where}",
            values,
        )
        return [
            Device(id, user, created, synced, acked, bool(revoked), bool(recovery), twin)
            for id, user, created, synced, acked, revoked, recovery, twin in rows
        ]

    def _other(self, device: str, user: User) -> bool:
        """True when the log holds a change of the device by somebody else."""
        row = self.store.connection.execute(
            "SELECT device_seq FROM log WHERE device = ? LIMIT 1", (device,)
        ).fetchone()
        entry = self.store.entry(f"{device}.{row[0]}") if row else None
        return entry is not None and entry.change.author != user.name

    def _put_token(self, device: str) -> str:
        token = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
        self.store.connection.execute(
            "UPDATE device SET token = ?, issued = ? WHERE id = ?",
            (_digest(token), self.store.now_ms(), device),
        )
        return token


def _digest(token: str) -> bytes:
    """What is stored of a token: whoever reads the store cannot log in with it."""
    return hashlib.sha256(token.encode()).digest()


def _is_device_id(text: str) -> bool:
    return re.fullmatch("[0-9a-z]{8}", text) is not None
