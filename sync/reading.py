"""What a replica answers without changing anything: records, lists, conflicts, history, unsent
work."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from schema.kinds import KINDS
from schema.record import DELETED, Kind
from schema.types import Ref
from sync import clock, merging, window
from sync.change import Change, Conflict, Entry, Slot, State, device_of, raw_version
from sync.clock import Clock
from sync.receipts import Receipt, Receipts
from sync.records import Records, as_json
from sync.scope import Scope, UnitTree
from sync.storage import Connection
from sync.tables import CODECS, quoted, table
from sync.views import Identity, Past, Pending, Returned, SyncState, View, slot_name


def device_record(device: str) -> str:
    """The id of the record that names a device; no unit's code and no login begins like it."""
    return f"device:{device}"


class Reading:
    """The reading half of `Replica`."""

    connection: Connection
    records: Records
    clock: Clock

    def __init__(self) -> None:
        self._tree: UnitTree | None = None
        self._units: dict[str, dict[str, Any]] | None = None
        self._scope: Scope | None = None
        self._data_version = 0

    # -- small state

    def get_state(self, key: str, default: Any = None) -> Any:
        row = self.connection.execute("SELECT value FROM state WHERE key = ?", (key,)).fetchone()
        return default if row is None else row[0]

    def set_state(self, **values: Any) -> None:
        self.connection.executemany(
            "INSERT OR REPLACE INTO state VALUES (?, ?)", list(values.items())
        )

    @property
    def identity(self) -> Identity:
        body = self.get_state("identity")
        return msgspec.json.decode(body, type=Identity) if body else Identity("", "")

    def window_since(self) -> str:
        """The first month of contacts that the county lets this laptop hold; '' for all."""
        told = self.rows("setting", [window.RECORD])
        return window.text_of(told[0]["value"]) if told else ""

    # -- units and permission

    def units(self) -> dict[str, dict[str, Any]]:
        """Every organisation unit, by code."""
        self._look_for_others()
        if self._units is None:
            self._units = {u["id"]: u for u in self.select("unit")}
        return self._units

    def unit(self, code: str) -> dict[str, Any] | None:
        return self.units().get(code)

    @property
    def tree(self) -> UnitTree:
        units = self.units()
        if self._tree is None:
            self._tree = UnitTree({c: u.get("parent") for c, u in units.items()})
        return self._tree

    def path_of(self, code: str) -> list[str]:
        """The unit and everything above it."""
        return self.tree.path(code)

    @property
    def scope(self) -> Scope:
        tree = self.tree
        if self._scope is None:
            self._scope = Scope(self.identity.grants, tree)
        return self._scope

    def _look_for_others(self) -> None:
        """Forget units and grants when another connection wrote: the command line beside the
        screen."""
        version = self.connection.execute("PRAGMA data_version").fetchone()[0]
        if version != self._data_version:
            self._data_version = version
            self.forget_units()

    def forget_units(self) -> None:
        """Read units and grants anew: they have changed."""
        self._tree = self._units = self._scope = None

    def units_of_root(self, root: str) -> tuple[str, ...]:
        """The units of a root record as shown here, its other files included."""
        for kind in KINDS.values():
            if kind.scope == "root":
                files = self.files(kind, root)
                if files:
                    return merging.units_of_files(kind, files)
        return ()

    def kept(self, id: str) -> str:
        """The id of the file under which a record is shown: its own, or the one it was merged
        into."""
        return self.kept_of([id]).get(id, id)

    def kept_of(self, ids: Collection[str]) -> dict[str, str]:
        """`kept` of those that were merged into another file."""
        found: dict[str, str] = {}
        for kind in KINDS.values():
            if kind.pointer:
                statement = (
                    f"SELECT id, _root FROM {table(kind.name)} WHERE _root <> id"  # noqa: S608
                    " AND id IN (SELECT value FROM json_each(?))"
                )
                found.update(self.connection.execute(statement, (as_json(ids),)).fetchall())
        return found

    def files(self, kind: Kind, root: str) -> list[State]:
        """The file of a root record and all others of the same child, by id."""
        ids = {root}
        if kind.pointer:
            ids.add(kept := self.kept(root))
            ids.update(
                row[0]
                for row in self.connection.execute(
                    f"SELECT id FROM {table(kind.name)} WHERE _root = ? AND _root <> id",  # noqa: S608
                    (kept,),
                )
            )
        states = self.records.shown(kind.name, ids)
        return [states[i] for i in sorted(states)]

    def may(self, action: str, kind: str = "child", units: Collection[str] | None = None) -> bool:
        """True when the user may `read`, `add`, `write`, `delete`, `resolve` or `import` in `units`
        (None: anywhere)."""
        from schema import roles

        declared = KINDS[kind]
        wanted = {
            "read": declared.read,
            "write": declared.write,
            "add": declared.makers,
            "delete": declared.delete,
            "resolve": roles.REVIEWERS,
            "import": roles.IMPORTERS,
        }[action]
        if units is None:
            return not wanted.isdisjoint(self.identity.roles)
        return self.scope.may(wanted, "", units)

    # -- records

    def view(self, state: State, pending: int) -> View:
        kind = KINDS[state.kind]
        names = {*kind.slots, *state.slots}
        slots = {n: s for n in names if (s := state.slot(n, kind.slot_value(n, state.values)))}
        return View(
            state.id, state.kind, state.root, state.values, slots, state.last.version, pending,
            state.made.version,
        )  # fmt: skip

    def get(self, id: str, kind: str = "") -> View | None:
        """A record by id, deleted ones too; None when it is not here."""
        for name in (kind,) if kind else KINDS:
            state = self.records.shown(name, [id]).get(id)
            if state is not None:
                return self.view(state, self.unsent_count(id))
        return None

    def unsent_count(self, id: str) -> int:
        """How many unsent changes lie on a record."""
        row = self.connection.execute(
            "SELECT count(*) FROM outbox WHERE record = ?", (id,)
        ).fetchone()
        return int(row[0])

    def rows(
        self, kind: str, ids: Sequence[str], *, with_deleted: bool = False
    ) -> list[dict[str, Any]]:
        """Field dicts with `id` and the system columns `_pending` and `_open`, in the order of
        `ids`."""
        where = "id IN (SELECT value FROM json_each(?))"
        found = {r["id"]: r for r in self._select(KINDS[kind], where, (as_json(ids),))}
        kept = (found[i] for i in ids if i in found)
        return [r for r in kept if with_deleted or r.get(DELETED) is None]

    def select(
        self,
        kind: str,
        where: Mapping[str, Any] | None = None,
        order: Sequence[str] = (),
        limit: int | None = None,
        offset: int = 0,
    ) -> list[dict[str, Any]]:
        """Records not deleted whose fields have these values (None: empty), ordered by fields
        (`-on`: down)."""
        declared = KINDS[kind]
        condition, values = self._condition(declared, where or {})
        down = [(name.lstrip("-"), name.startswith("-")) for name in (*order, *declared.order_by)]
        ordered = ", ".join(f"{quoted(n)}{' DESC' if is_down else ''}" for n, is_down in down)
        tail = f" ORDER BY {ordered}{', ' if ordered else ''}id"
        if limit is not None:
            tail += f" LIMIT {int(limit)} OFFSET {int(offset)}"
        return self._select(declared, condition + tail, values)

    def count(self, kind: str, where: Mapping[str, Any] | None = None) -> int:
        if not where:
            return self._count_all(KINDS[kind])
        condition, values = self._condition(KINDS[kind], where)
        statement = f"SELECT count(*) FROM {table(kind)} WHERE {condition}"  # noqa: S608
        return int(self.connection.execute(statement, values).fetchone()[0])

    def _count_all(self, kind: Kind) -> int:
        """All rows but the hidden ones, each found in an index of nearly nothing: 20,000 children in
        2 ms, where their wide rows take 14 ms and every synchronisation asks."""
        hidden = ["_deleted IS NOT NULL"]
        if kind.pointer:
            hidden.append("_root <> id AND _deleted IS NULL")
        counts = [f"(SELECT count(*) FROM {table(kind.name)} WHERE {h})" for h in hidden]  # noqa: S608
        statement = f"SELECT count(*) - {' - '.join(counts)} FROM {table(kind.name)}"  # noqa: S608
        return int(self.connection.execute(statement).fetchone()[0])

    def children_of(self, kind: str, parent: str) -> list[dict[str, Any]]:
        """The hanging records of one root, in their kind's order."""
        return self.select(kind, {KINDS[kind].parent: parent})

    def _condition(self, kind: Kind, where: Mapping[str, Any]) -> tuple[str, list[Any]]:
        parts, values = ["_deleted IS NULL"], []
        if kind.pointer:
            parts.append("_root = id")  # the kept file stands for those merged into it
        for name, value in where.items():
            if name not in kind.by_name:
                raise KeyError(name)
            named = kind.by_name[name].type
            if value is None:
                parts.append(f"{quoted(name)} IS NULL")
            elif name == kind.parent:
                parts.append("_root = ?")
                values.append(self.kept(value))
            elif isinstance(named, Ref) and KINDS[named.kind].pointer:
                kept = self.kept(value)
                parts.append(
                    f"({quoted(name)} = ? OR {quoted(name)} IN (SELECT id FROM"  # noqa: S608
                    f" {table(named.kind)} WHERE _root = ? AND _root <> id))"
                )
                values += [kept, kept]
            else:
                parts.append(f"{quoted(name)} = ?")
                values.append(as_json(value) if isinstance(value, list) else value)
        return " AND ".join(parts), values

    def _select(self, kind: Kind, tail: str, values: Sequence[Any]) -> list[dict[str, Any]]:
        codec = CODECS[kind.name]
        names = ["id", "_root", "_deleted", "_pending", "_open", *codec.names]
        listed = ", ".join(quoted(n) for n in names)
        statement = f"SELECT {listed} FROM {table(kind.name)} WHERE {tail}"  # noqa: S608
        found = self.connection.execute(statement, values)
        rows = [codec.worded(dict(zip(names, row, strict=True))) for row in found]
        if kind.scope == "hangs":  # of a merged child: the kept file, under which it is shown
            for row in rows:
                row[kind.parent] = row["_root"]
        return rows

    # -- conflicts, history, unsent

    def conflicts(self, record: str | None = None) -> list[Conflict]:
        """Open conflicts of records held here, critical ones first, then the oldest."""
        where, values = ("WHERE record = ?", (record,)) if record else ("", ())
        found: dict[str, set[str]] = {}
        for kind, id_ in self.connection.execute(
            f"SELECT kind, record FROM conflict {where}",  # noqa: S608
            values,
        ):
            found.setdefault(kind, set()).add(id_)
        conflicts = [
            self._conflict(state, name, slot)
            for kind, ids in found.items()
            for state in self.records.shown(kind, ids).values()
            for name, slot in state.slots.items()
            if slot.conflict and KINDS[kind].knows(name)
        ]
        return sorted(conflicts, key=lambda c: (c.meeting != "critical", c.opened_ms, c.id))

    def conflict(self, id: str) -> Conflict | None:
        row = self.connection.execute("SELECT record FROM conflict WHERE id = ?", (id,)).fetchone()
        found = [c for c in self.conflicts(row[0]) if c.id == id] if row else []
        return found[0] if found else None

    def notes_on(self, conflict: Conflict) -> list[Past]:
        """What was written as the slot of a conflict was opened again, the oldest first."""
        past = self.history(conflict.record)
        return [p for p in past if p.field == conflict.slot and p.op == "reopen" and p.note]

    def meeting(self, kind: str, slot: str) -> str:
        """Which kind of meeting a conflict about a slot is."""
        if slot == DELETED:
            return "edit_delete"
        return "critical" if KINDS[kind].is_critical(slot) else "contested"

    def _conflict(self, state: State, name: str, slot: Slot) -> Conflict:
        meeting = self.meeting(state.kind, name)
        if meeting == "contested" and any(
            merging.is_carried(op) for head in slot.heads for op in head.ops
        ):
            meeting = "late"
        return Conflict(
            slot.conflict or "",
            state.id,
            state.kind,
            name,
            meeting,
            slot.base_version,
            slot.base_value,
            slot.heads,
            clock.ms_of(slot.opened),
        )

    def history(self, id: str, field: str | None = None) -> list[Past]:
        """Everything known here of a record, the oldest first; unsent changes last."""
        view = self.get(id)
        if view is None:
            return []
        kind = KINDS[view.kind]
        wanted = slot_name(view.kind, field) if field else None
        past: list[tuple[int, Past]] = []
        receipts = Receipts(self.connection, self.identity.device)
        for (body,) in self.connection.execute(
            "SELECT body FROM log WHERE record = ? ORDER BY seq", (id,)
        ):
            entry = msgspec.json.decode(body, type=Entry)
            past += [
                (entry.stamp, p)
                for p in _steps(
                    entry.change, entry.stamp, wanted, is_sent=True, receipt=receipts.of(entry)
                )
            ]
        told = {p.version for _, p in past}
        for name, slot in view.slots.items():
            # A snapshot brings what stands without the log behind it.
            if wanted in (None, name):
                for head in slot.heads:
                    version = raw_version(head.mark.version)
                    if version not in told and "." in version:
                        step = Past(
                            name, head.value, head.mark.author, device_of(version),
                            clock.ms_of(head.mark.stamp), version, "put", True,
                        )  # fmt: skip
                        past.append((head.mark.stamp, step))
        # By whole stamps: they, unlike milliseconds, never put a step before one its author had
        # seen.
        past.sort(key=lambda p: p[0])
        mine = {c.version: c for c in self.records.unsent([id]).get(id, [])}
        steps = [p for _, p in past if p.version not in mine]
        for change in mine.values():
            steps += _steps(change, change.hlc, wanted, is_sent=False)
        if field not in (None, wanted) and kind.is_group(wanted or ""):
            steps = [msgspec.structs.replace(p, value=(p.value or {}).get(field)) for p in steps]
        return steps

    def receipts(self, *ids: str) -> dict[str, Receipt]:
        """Version to receipt of this device's changes to these records, the oldest first."""
        receipts = Receipts(self.connection, self.identity.device)
        rows = self.connection.execute(
            "SELECT body FROM log WHERE record IN (SELECT value FROM json_each(?)) ORDER BY seq",
            (as_json(ids),),
        )
        entries = (msgspec.json.decode(row[0], type=Entry) for row in rows)
        return {e.change.version: r for e in entries if (r := receipts.of(e))}

    def pending_count(self) -> int:
        return int(self.connection.execute("SELECT count(*) FROM outbox").fetchone()[0])

    def has_unsent(self, after: int = 0, up_to: int = (1 << 63) - 1) -> bool:
        """True when a change with such a number is unsent. Counting 20,000 takes 10 ms, this
        none."""
        statement = "SELECT 1 FROM outbox WHERE seq > ? AND seq <= ? LIMIT 1"
        return self.connection.execute(statement, (after, up_to)).fetchone() is not None

    def has_sendable(self, after: int = 0, up_to: int = (1 << 63) - 1) -> bool:
        """True when a change with such a number is unsent, or to be sent again."""
        statement = "SELECT 1 FROM sendable WHERE seq > ? AND seq <= ? LIMIT 1"
        return self.connection.execute(statement, (after, up_to)).fetchone() is not None

    def pending(self) -> list[Pending]:
        """Changes not yet on the server, the newest first."""
        rows = self.connection.execute("SELECT body FROM outbox ORDER BY seq DESC")
        changes = (msgspec.json.decode(row[0], type=Change) for row in rows)
        return [
            Pending(
                c.seq, c.kind, c.id, c.op, c.fields, clock.ms_of(c.hlc),
                str(c.fields.get(KINDS[c.kind].parent) or c.id),
            )
            for c in changes
        ]  # fmt: skip

    def returned(self) -> list[Returned]:
        """Changes that came back, the newest first."""
        rows = self.connection.execute(
            "SELECT status, code, field, at, body FROM returned ORDER BY seq DESC"
        )
        found = []
        for status, code, field, at, body in rows:
            c = msgspec.json.decode(body, type=Change)
            found.append(Returned(c.seq, c.kind, c.id, c.op, c.fields, status, code, field, at))
        return found

    def sync_state(self) -> SyncState:
        def one(statement: str) -> int:
            return int(self.connection.execute(statement).fetchone()[0])

        step = self.get_state("in_step")
        return SyncState(
            self.pending_count(),
            one("SELECT count(*) FROM returned"),
            one("SELECT count(*) FROM conflict"),
            self.get_state("last_sync"),
            self.identity.server,
            self.get_state("cursor") or "",
            None if step is None else bool(step),
        )


def _steps(
    change: Change,
    stamp: int,
    wanted: str | None,
    *,
    is_sent: bool,
    receipt: Receipt | None = None,
) -> list[Past]:
    return [
        Past(
            name, value, change.author, change.device, clock.ms_of(stamp), change.version,
            change.op, is_sent, change.note, receipt,
        )
        for name, value in change.fields.items()
        if wanted in (None, name)
    ]  # fmt: skip
