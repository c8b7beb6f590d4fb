"""A replica: one user's encrypted store. Saves changes locally, lays them over what the hub has
decided.

Every save is one local transaction: the change in the outbox, the record as shown, the clock and
the search.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec

from schema.kinds import KINDS
from schema.problems import Problem
from schema.record import DELETED, Kind
from schema.types import Ref, UnitRef
from sync import confirming, decisions, ids
from sync.change import Change, Conflict, State
from sync.clock import Clock
from sync.formers import now_named
from sync.overlay import overlay
from sync.reading import Reading
from sync.records import Indexer, Records
from sync.scope import units_of
from sync.storage import Connection, transaction
from sync.tables import migrate
from sync.views import Identity, View

Problems = list[tuple[str, Problem]]


class Refused(Exception):
    """Not allowed on this device, for this user. `code`: one of sync/errors.py, such as
    not_permitted."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code} {detail}".strip())
        self.code = code
        self.detail = detail


class InvalidRecord(Exception):
    """Values that cannot be stored; nothing was written."""

    def __init__(self, problems: Sequence[tuple[str, Problem]]) -> None:
        super().__init__(", ".join(f"{field}: {p.code}" for field, p in problems))
        self.problems = list(problems)


def _no_rules(
    _replica: Replica, _kind: Kind, _values: Mapping[str, Any], _id: str | None
) -> Problems:
    return []


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


class Replica(Reading):
    """One user's records on one device."""

    def __init__(
        self,
        connection: Connection,
        *,
        wall_ms: Callable[[], int] = _wall_ms,
        random: ids.Random = secrets.token_bytes,
        indexers: Sequence[Indexer] = (),
    ) -> None:
        super().__init__()
        self.connection = connection
        self.records = Records(connection, indexers)
        migrate(connection, self.records.catch_up)
        self.random = random
        self.last_seen: Callable[[Replica, str], str | None] = lambda _replica, _root: None
        """Date on which the user last saw the child; casework supplies it."""
        self.saved: Callable[[], None] = lambda: None
        """Called after each committed txn; the spool seals it (sync/spool.py)."""
        self.rules: Callable[[Replica, Kind, Mapping[str, Any], str | None], Problems] = _no_rules
        """What a record must keep with regard to others: called with its values and its id (None:
        a new one); casework supplies it."""
        self.clock = Clock(wall_ms, *self._clock_state())
        self._txn: str | None = None

    def _clock_state(self) -> tuple[int, int]:
        return int(self.get_state("clock", 0)), int(self.get_state("offset", 0))

    def reload(self) -> None:
        """Read the clock again after a transaction was undone or another process wrote."""
        self.clock.last, self.clock.offset_ms = self._clock_state()

    def become(self, identity: Identity) -> None:
        """Set whose replica this is (login) or what the user may do (sync)."""
        self.set_state(identity=msgspec.json.encode(identity))
        self.forget_units()

    # -- saving

    @contextmanager
    def together(self) -> Iterator[None]:
        """Several saves become one txn: accepted or refused together, stored in one transaction."""
        if self._txn is not None:
            yield
            return
        try:
            with transaction(self.connection):
                self.reload()
                self._txn = f"{self.identity.device}.{self._next_seq()}"
                yield
                self.records.settle()
        except BaseException:
            self.reload()
            self.forget_units()
            raise
        finally:
            self._txn = None
        self.saved()

    def save(
        self,
        kind: str,
        values: Mapping[str, Any],
        id: str | None = None,
        base: View | None = None,
        seen: str | None = None,
        new_id: str | None = None,
    ) -> str:
        """Create a record (`id` None) or change fields of one; returns its id.

        `new_id`: for a record whose id follows from what it is, so that two laptops make one.

        Only fields that differ from `base` (default: what stands now) are written; with nothing to
        write, nothing happens.

        Raises:
            Refused: outside the user's grants, or no such record.
            InvalidRecord: a value cannot be stored or a required one is missing.
        """
        declared = KINDS[kind]
        with self.together():
            if id is None:
                return self._create(declared, values, seen, new_id)
            shown = self.get(id, kind)
            if shown is None:
                raise Refused("not_found", id)
            if shown.deleted is not None:
                raise Refused("deleted", id)
            if declared.is_append_only:
                raise Refused("append_only")
            self._allow(declared.write, shown.root, self._units_now(declared, shown))
            saw = base or shown
            fields = _differing(declared, values, saw.values)
            flat = _flat(declared, fields)
            fixed = [n for n in flat if declared.by_name[n].is_fixed or n == declared.pointer]
            problems = self._problems(
                declared,
                # A group is written whole: what nobody touched may be of a newer program.
                {n: v for n, v in flat.items() if v != saw.values.get(n)},
            )
            problems += [(n, Problem("fixed_field", "这一项建档后不能改。")) for n in fixed]
            emptied = [
                f.name for f in declared.fields if f.is_required and flat.get(f.name, 0) is None
            ]
            problems += [(n, Problem("required", "这一项不能空着。")) for n in emptied]
            problems += self._broken(declared, shown.values, flat, id)
            if problems:
                raise InvalidRecord(problems)
            if fields:
                self._write("put", declared, id, fields, self._base(saw, fields), seen=seen)
            return id

    def _create(
        self, kind: Kind, values: Mapping[str, Any], seen: str | None, new_id: str | None
    ) -> str:
        given = {n: v for n, v in values.items() if v is not None}
        problems = self._problems(kind, given)
        problems += [(n, Problem("required", "这一项不能空着。")) for n in kind.missing(given)]
        if kind.pointer in given:
            problems.append((kind.pointer, Problem("fixed_field", "这一项建档后不能改。")))
        if not problems:
            problems = self._broken(kind, {}, given, None)
        if problems:
            raise InvalidRecord(problems)
        id_ = new_id or ids.new_id(self.clock.now_ms(), self.random)
        if kind.scope == "root":
            root, units = id_, units_of(kind, given)
        else:
            root = str(given[kind.parent]) if kind.parent else ""
            units = self.units_of_root(root) if root else ()
        self._allow(kind.makers, root, units)
        slots = dict.fromkeys(kind.by_name[n].slot for n in given)
        fields = {slot: kind.slot_value(slot, given) for slot in slots}
        self._write("create", kind, id_, fields, {}, seen=seen, root=root)
        return id_

    def _allow(self, roles: Collection[str], root: str, units: Collection[str]) -> None:
        if not self.scope.may(roles, root, units):
            raise Refused("not_permitted")

    def _units_now(self, kind: Kind, view: View) -> tuple[str, ...]:
        return self.units_of_root(view.root)

    def _problems(self, kind: Kind, values: Mapping[str, Any]) -> list[tuple[str, Problem]]:
        found = [(n, p) for n, p in kind.problems(values) if not p.is_doubt]
        for name, value in values.items():
            field = kind.by_name.get(name)
            if field is None or value is None or not isinstance(field.type, Ref):
                continue
            if isinstance(field.type, UnitRef):
                unit = self.unit(value)
                levels = field.type.levels
                if unit is None or (levels and unit["level"] not in levels):
                    message = "没有代码是「{text}」的单位，或者不是这一级。"
                    found.append((
                        name,
                        Problem("unknown_unit", message, args=(("text", str(value)),)),
                    ))
            elif not self.rows(field.type.kind, [value]):
                found.append((name, Problem("unknown_record", "没有这个档案。")))
        return found

    def _broken(
        self, kind: Kind, before: Mapping[str, Any], written: Mapping[str, Any], id: str | None
    ) -> Problems:
        """The rules that what is written now would break."""
        if not written:
            return []
        values = {n: v for n, v in {**before, **written}.items() if v is not None}
        found = [*kind.broken(values, written), *self.rules(self, kind, values, id)]
        return [(n, p) for n, p in found if not p.is_doubt]

    def doubts(self, kind: str, values: Mapping[str, Any], id: str | None = None) -> Problems:
        """What may be stored (in the record `id`) but deserves a second look."""
        held = self.get(id, kind) if id else None
        both = {**(held.values if held else {}), **values}
        whole = {n: v for n, v in both.items() if v is not None}
        found = [*KINDS[kind].problems(values), *KINDS[kind].broken(whole, values)]
        found += self.rules(self, KINDS[kind], whole, id)
        return [(n, p) for n, p in found if p.is_doubt]

    def _base(self, view: View, fields: Mapping[str, Any]) -> dict[str, str]:
        base = {n: view.slots[n].standing.mark.version for n in fields if n in view.slots}
        if self.get_state("former"):
            return {n: now_named(self.connection, v, view.id, n) for n, v in base.items()}
        return base

    def _next_seq(self) -> int:
        return int(self.get_state("device_seq", 0)) + 1

    def _write(
        self,
        op: str,
        kind: Kind,
        id: str,
        fields: dict[str, Any],
        base: dict[str, str],
        *,
        seen: str | None = None,
        root: str = "",
        note: str = "",
        names: Sequence[str] = (),
    ) -> Change:
        """One change: outbox, record as shown, clock. Inside `together`."""
        me = self.identity
        seq = self._next_seq()
        is_new = op == "create"
        before = None if is_new else self.records.shown(kind.name, [id]).get(id)
        saw = seen or (self.last_seen(self, before.root if before else root))
        change = Change(
            me.device, seq, self._txn or "", op, kind.name, id, me.user, self.clock.tick(),
            fields, base, saw, note, list(names),
        )  # fmt: skip
        unsent = 0 if is_new else self.unsent_count(id)
        if not unsent:
            self.records.keep_shadow(id, before)
        of_new = confirming.marks_of(kind, change) if is_new else (None, None, None)
        self.connection.execute(
            "INSERT INTO outbox(seq, record, txn, body, kind, stamp, digest)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (seq, id, change.txn, msgspec.json.encode(change), *of_new),
        )
        self.set_state(device_seq=seq, clock=self.clock.last)
        if op == "reopen":  # what it opens again may lie under the unsent changes
            whole = self.records.canonical({kind.name: [id]})[id]
            unsent_changes = self.records.unsent([id]).get(id, [])
            after = overlay(whole, unsent_changes, root, self.records)
        else:
            after = overlay(before, [change], root)
        if after is not None:
            self.records.put([(after, unsent + 1)])
        return change

    # -- deleting and deciding

    def delete(self, id: str, reason: str) -> None:
        """Hide a record, with a reason; undoable. Admins only, or the author of an untouched
        record."""
        if not reason.strip():
            raise InvalidRecord([(DELETED, Problem("required", "删除要写原因。"))])
        self._hide(id, reason.strip(), "delete")

    def undelete(self, id: str, reason: str = "") -> None:
        self._hide(id, None, "undelete", reason)

    def may_withdraw(self, view: View) -> bool:
        """True while nobody but this user has written in the record."""
        authors = {h.mark.author for s in view.slots.values() for h in s.heads}
        return authors == {self.identity.user}

    def _hide(self, id: str, value: str | None, op: str, note: str = "") -> None:
        with self.together():
            view = self.get(id)
            if view is None:
                raise Refused("not_found", id)
            kind = KINDS[view.kind]
            if kind.is_append_only:
                raise Refused("append_only")
            hidden = view.slots.get(DELETED)
            if hidden is not None and not hidden.standing.ops:
                raise Refused("erased", id)
            if value is not None and self._is_kept(kind, view):
                raise Refused("kept")
            if not self.may_withdraw(view):
                self._allow(kind.delete, view.root, self._units_now(kind, view))
            names: list[str] = []
            base = self._base(view, {DELETED: value})
            if value is not None:
                base, names = self._everything_seen(view)
            self._write(op, kind, id, {DELETED: value}, base, note=note, names=names)

    def _is_kept(self, kind: Kind, view: View) -> bool:
        """True when something hangs on the record that must not lose it."""
        keepers = [k.name for k in KINDS.values() if k.keeps_root and kind.scope == "root"]
        return any(self.children_of(name, view.id) for name in keepers)

    def _everything_seen(self, view: View) -> tuple[dict[str, str], list[str]]:
        """Base and names of a change that hides a record: what its author has not seen survives
        it."""
        standing = {n: s.standing.mark.version for n, s in view.slots.items()}
        beside = [h.mark.version for s in view.slots.values() for h in s.heads[1:]]
        return {n: v for n, v in standing.items() if v != view.made}, beside

    def resolve(
        self, conflict: str, take: str, value: Any = None, note: str = "", head: int = 1
    ) -> str:
        """Settle an open conflict: `take` winner, loser (heads[head]), base or value.

        Returns the record's id. The change closes the heads seen here and no others.

        Raises:
            Refused: no such open conflict here, or not a reviewer of this record's units.
            InvalidRecord: the value cannot be stored.
        """
        with self.together():
            found = self.conflict(conflict)
            if found is None:
                raise Refused("not_found", conflict)
            kind = KINDS[found.kind]
            view = self.get(found.record, found.kind)
            assert view is not None
            if kind.is_append_only:
                raise Refused("append_only")
            if not self.scope.may_resolve(view.root, self._units_now(kind, view)):
                raise Refused("not_permitted")
            if decisions.is_own_critical(found, self.identity.user):
                raise Refused("own_words")
            decided = chosen(found, take, value, head)
            if found.slot != DELETED:
                spread = self._spread(kind, found.slot, decided)
                problems = self._problems(kind, spread) if take == "value" else []
                emptied = [
                    n for n, v in spread.items() if v is None and kind.by_name[n].is_required
                ]
                problems += [(n, Problem("required", "这一项不能空着。")) for n in emptied]
                if problems:
                    raise InvalidRecord(problems)
                decided = kind.slot_value(found.slot, spread)
            names = [h.mark.version for h in found.heads]
            base = {found.slot: names[0]}
            if found.slot == DELETED and decided is not None:
                base, beside = self._everything_seen(view)
                names += [v for v in beside if v not in names]
            change = self._write(
                "resolve", kind, found.record, {found.slot: decided}, base, note=note, names=names
            )
            decisions.note(self.connection, change, change.hlc, view.slots.get(found.slot))
            return found.record

    def undo(self, id: str, note: str = "") -> str:
        """Take a decision back: its conflict is open again with its heads as they were. `id`: the
        conflict, or the version of the decision. Returns the record's id.

        Raises:
            Refused: no such decision here, taken back already, or not a reviewer of this record.
        """
        with self.together():
            found = decisions.find(self.connection, id)
            if found is None:
                raise Refused("not_found", id)
            if found.taken_back:
                raise Refused("taken_back", id)
            view = self.get(found.record, found.kind)
            assert view is not None
            units = self._units_now(KINDS[found.kind], view)
            if not self.scope.may_resolve(view.root, units):
                raise Refused("not_permitted")
            names = [h.mark.version for h in found.before.heads]
            change = self.reopen(found.record, found.slot, names, note, found.version)
            decisions.note(self.connection, change, change.hlc, None)
            return found.record

    def reopen(
        self, id: str, slot: str, names: Sequence[str], note: str, decision: str = ""
    ) -> Change:
        """Let versions of a slot stand as heads again, in place of `decision` where one is
        given."""
        with self.together():
            view = self.get(id)
            if view is None:
                raise Refused("not_found", id)
            kind = KINDS[view.kind]
            stands = kind.slot_value(slot, view.values)
            base = {slot: decision} if decision else {}
            return self._write("reopen", kind, id, {slot: stands}, base, note=note, names=names)

    def _spread(self, kind: Kind, slot: str, chosen: Any) -> dict[str, Any]:
        """The fields of a decision; a group takes a dict of its members and nothing else."""
        members = {f.name for f in kind.slots[slot]}
        is_whole = isinstance(chosen, dict) and members.issuperset(chosen)
        if kind.is_group(slot) and chosen is not None and not is_whole:
            raise InvalidRecord([(slot, Problem("wrong_type", "这一组要逐项给值。"))])
        return kind.spread(slot, chosen)

    def pending_state(self, id: str) -> State | None:
        """The canonical state under the unsent changes of a record."""
        kind = self.records.kind_of([id]).get(id)
        return self.records.canonical({kind: [id]})[id] if kind else None


def chosen(conflict: Conflict, take: str, value: Any, head: int) -> Any:
    """The value that `take` means: winner, loser (heads[head]), base, or `value` itself.

    Raises:
        Refused: there is no such choice.
    """
    if take == "value":
        return value
    if take == "base":
        return conflict.base_value
    if take == "winner":
        return conflict.heads[0].value
    if take == "loser" and 0 < head < len(conflict.heads):
        return conflict.heads[head].value
    raise Refused("not_a_choice", take)


def _differing(kind: Kind, values: Mapping[str, Any], saw: Mapping[str, Any]) -> dict[str, Any]:
    """Slots whose value differs from what the author saw; a group is taken whole."""
    unknown = [n for n in values if n not in kind.by_name]
    if unknown:
        message = "没有「{field}」这一项。"
        raise InvalidRecord([
            (n, Problem("unknown_field", message, args=(("field", n),))) for n in unknown
        ])
    fields: dict[str, Any] = {}
    for slot in dict.fromkeys(kind.by_name[n].slot for n in values):
        new = kind.slot_value(slot, {**saw, **values})
        if new != kind.slot_value(slot, saw):
            fields[slot] = new
    return fields


def _flat(kind: Kind, fields: Mapping[str, Any]) -> dict[str, Any]:
    return {n: v for slot, value in fields.items() for n, v in kind.spread(slot, value).items()}
