"""Records that fewer people may read than the child they hang on, such as a psychological record.

The hub names the roots that leave a device. Where a root stays and only some of its kinds leave, by
other grants or by a move, the device sees to it by itself at the end of the feed, when it has the
grants, the units and the root as they are.
"""

from __future__ import annotations

from collections.abc import Iterable

from schema.kinds import KINDS
from schema.record import Kind
from schema.types import Ref
from sync.change import Entry, Grant
from sync.protocol import SyncResponse
from sync.replica import Replica
from sync.scope import Scope, units_of
from sync.tables import quoted, table


def _root_kind(kind: Kind) -> Kind:
    field = kind.by_name[kind.parent or ""]
    assert isinstance(field.type, Ref)
    return KINDS[field.type.kind]


NARROW = tuple(
    kind
    for kind in KINDS.values()
    if kind.scope == "hangs" and not set(_root_kind(kind).read) <= set(kind.read)
)

NARROW_ROOTS = tuple(
    kind
    for kind in KINDS.values()
    if kind.scope == "root"
    and any(o.scope == "root" and not set(o.read) <= set(kind.read) for o in KINDS.values())
)
"""Files of their own that fewer people may read than others in the same unit: the hub, which names
roots by their units, does not tell them apart when the roles change."""


def may_narrow(response: SyncResponse, entries: Iterable[Entry]) -> bool:
    """True when after this page other kinds may be readable than before."""
    if response.reset or response.rows or response.grants is not None:
        return True
    return any(
        kind.scope == "root" and not entry.change.fields.keys().isdisjoint(kind.unit_fields)
        for entry in entries
        if (kind := KINDS.get(entry.change.kind)) is not None
    )


def unreadable(replica: Replica, grants: Iterable[Grant]) -> dict[str, list[str]]:
    """By kind, the records held here that the grants do not cover though they cover their root."""
    replica.forget_units()
    scope = Scope(grants, replica.tree)
    found: dict[str, list[str]] = {}
    for kind in NARROW:
        parent = quoted(kind.parent or "")
        rows = replica.connection.execute(
            f"SELECT id, {parent} FROM {table(kind.name)}"  # noqa: S608
        ).fetchall()
        if not rows:
            continue
        root_kind = _root_kind(kind)
        roots = replica.records.canonical({root_kind.name: {root for _, root in rows}})
        closed = {
            root
            for root, state in roots.items()
            if state and not scope.reads(kind.name, root, units_of(root_kind, state.values))
        }
        gone = [id_ for id_, root in rows if root in closed]
        if gone:
            found[kind.name] = gone
    for kind in NARROW_ROOTS:
        ids = [i for (i,) in replica.connection.execute(f"SELECT id FROM {table(kind.name)}")]  # noqa: S608
        states = replica.records.canonical({kind.name: ids}) if ids else {}
        gone = [
            id_
            for id_, state in states.items()
            if state and not scope.reads(kind.name, id_, units_of(kind, state.values))
        ]
        if gone:
            found[kind.name] = gone
    return found
