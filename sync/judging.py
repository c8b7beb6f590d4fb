"""Judging: whether a change may go into the county's log, by its form, its words, its kind's rules and
what its author may do."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from schema.kinds import KINDS
from schema.record import DELETED, Kind
from schema.types import Date
from sync import answering
from sync.change import OPS, Change, State, is_shallow
from sync.forms import is_well_formed
from sync.hubstore import Session
from sync.reopening import asks_own, decides_own_danger
from sync.scope import units_of

if TYPE_CHECKING:
    from sync.intake import Batch

RECORD_ID = re.compile(r"(?![0-9]*$)[0-9a-z]{1,40}")
"""What a device may call a record: never '', which is the public root, and never like a unit's
code."""

_DATE = Date()

NEWER = "newer_program"
"""Why a change is quarantined that names a kind, a field, a code or an op unknown here: whoever
sent it checks its words before it saves them, so this program is the older one."""

Made = dict[str, tuple[Kind, str, tuple[str, ...]]]
"""Records that a txn makes: kind, root and units."""


def is_day(text: str) -> bool:
    """True for a whole date as records hold it."""
    return _DATE.check(text) is None


class Refusal(Exception):
    """Not into the log: `invalid` goes back to its author, `quarantined` waits at the county."""

    def __init__(self, status: str, code: str, field: str = "") -> None:
        self.status, self.code, self.field = status, code, field


class Judge:
    """Judges the changes of one push, each against what the batch holds at that moment."""

    def __init__(self, batch: Batch, session: Session) -> None:
        self.batch = batch
        self.session = session
        self._sound: dict[str, dict[str, set[str]]] = {}
        """Texts that this push has found fit already, by kind and field: most fields repeat
        theirs."""

    def judge(self, change: Change, made: Made) -> None:
        """Raises `Refusal` when a change cannot go into the log; adds to `made` what it is about."""
        if not RECORD_ID.fullmatch(change.id):
            raise Refusal("invalid", "bad_id")
        if change.author != self.session.user:
            raise Refusal("invalid", "foreign_author")
        if not is_shallow(change.fields):
            raise Refusal("invalid", "wrong_type")
        if change.seen is not None and not is_day(change.seen):
            raise Refusal("invalid", "bad_date")
        if self.session.is_revoked:
            raise Refusal("quarantined", "device_revoked")
        kind = KINDS.get(change.kind)
        if kind is None or change.op not in OPS:
            raise Refusal("quarantined", NEWER)
        if kind.scope == "public" and not kind.write:
            raise Refusal("invalid", "unknown_kind")
        state = self.batch.states.get(change.id)
        if state is not None and state.kind != change.kind:
            raise Refusal("invalid", "other_kind")
        is_unmet = state is None or DELETED not in state.slots
        if not is_well_formed(change) or (
            change.op in ("resolve", "reopen") and DELETED in change.fields and is_unmet
        ):
            raise Refusal("invalid", "bad_op")
        values = self._checked(kind, change)
        if change.op == "create":
            missing = kind.missing(values)
            if missing and state is None:
                raise Refusal("invalid", "required", missing[0])
        elif state is None and change.id not in made:
            raise Refusal("quarantined", "unknown_record")
        self._keep_rules(kind, change, state, values, is_new=change.id not in made)
        if state is not None:
            for name, value in values.items():
                if kind.by_name[name].is_fixed and value != state.values.get(name):
                    raise Refusal("invalid", "fixed_field", name)
        root, units = self._whereabouts(kind, change, state, values, made)
        made[change.id] = (kind, root, units)
        allowed = self._is_allowed(kind, change, state, root, units)
        is_question = change.op == "create" and kind.name in answering.NAMES
        if is_question and not answering.can_be_asked(self.batch, values, root, units):
            raise Refusal("invalid", "cannot_be_asked", "whom")
        if change.op == "resolve" and decides_own_danger(kind, change, state):
            raise Refusal("quarantined", "own_words")
        if not allowed:
            in_reach = self.batch.scope.may(kind.read, root, units)
            raise Refusal("quarantined", "not_permitted" if in_reach else "out_of_scope")

    def _is_allowed(
        self, kind: Kind, change: Change, state: State | None, root: str, units: Collection[str]
    ) -> bool:
        """True when the author's grants cover such a change where the record is."""
        scope, op = self.batch.scope, change.op
        if kind.pointer in change.fields:
            return self._may_merge(kind, change, root, units)
        if op == "create":
            return scope.may(kind.makers, root, units)
        if op == "put":
            return scope.may(kind.write, root, units)
        if op in ("delete", "undelete"):
            is_admin = scope.may(kind.delete, root, units)
            return is_admin or self._is_withdrawal(change, state)
        if not scope.may(kind.read, root, units):
            return False
        if op == "resolve" or change.base:
            return scope.may_resolve(root, units)
        return asks_own(change, self.batch.lookup)

    def _may_merge(self, kind: Kind, change: Change, root: str, units: Collection[str]) -> bool:
        """Two files become one, or two again, by the word of who reviews both of them."""
        if set(change.fields) != {kind.pointer} or change.op not in ("put", "resolve"):
            raise Refusal("invalid", "bad_op")
        target = change.fields[kind.pointer]
        if not target:
            return self.batch.scope.may_resolve(root, units)
        into = self.batch.states.get(target)
        if into is None or into.kind != kind.name or target == change.id:
            raise Refusal("quarantined", "unknown_record", kind.pointer)
        place = self.batch.places.get(target)
        return self.batch.scope.may_resolve(root, units) and self.batch.scope.may_resolve(
            target, place.units if place else ()
        )

    def _keep_rules(
        self,
        kind: Kind,
        change: Change,
        state: State | None,
        values: Mapping[str, Any],
        *,
        is_new: bool,
    ) -> None:
        """Raise when a change does what its kind lets nobody do, or breaks one of its rules.

        A decision between two values is not held against rules: it must always be possible. Nor is
        a worse word on the safety list, where the rule is broken only together with what stands:
        who found out offline that a carer drinks did not know that somebody signed.
        """
        if kind.is_append_only and (change.op != "create" or state is not None or not is_new):
            raise Refusal("invalid", "append_only")
        if change.op == "delete" and kind.scope == "root" and self._is_kept(change.id):
            raise Refusal("invalid", "kept")
        if kind.rules and change.op in ("create", "put"):
            whole = {**state.values, **values} if state else values
            is_worse = state is not None and any(
                kind.is_critical(n) and kind.rank(n, v) > kind.rank(n, state.values.get(n))
                for n, v in values.items()
            )
            asked = [r for r in kind.rules if not is_worse or values.keys() >= set(r.fields)]
            for name, problem in kind.broken(whole, values, asked):
                if not problem.is_doubt:
                    raise Refusal("invalid", problem.code, name)

    def _is_kept(self, root: str) -> bool:
        """True when something hangs on a root that must not lose it, here or in this push."""
        keepers = {k.name for k in KINDS.values() if k.keeps_root}
        if any(s and s.root == root and s.kind in keepers for s in self.batch.states.values()):
            return True
        return any(kind in keepers for _root, kind, _body in self.batch.store.records_of([root]))

    def _checked(self, kind: Kind, change: Change) -> dict[str, Any]:
        """Field values of a change; raises when one cannot be stored. Doubts are allowed."""
        values: dict[str, Any] = {}
        unproven: dict[str, Any] = {}
        by_name = kind.by_name
        sound = self._sound.get(kind.name)
        if sound is None:
            sound = self._sound[kind.name] = {name: set() for name in by_name}
        for slot, value in change.fields.items():
            field = by_name.get(slot)
            if field is not None and not field.group:  # nearly all
                values[slot] = value
                if not isinstance(value, str) or value not in sound[slot]:
                    unproven[slot] = value
            elif slot == DELETED:
                if not (value is None or isinstance(value, str)):
                    raise Refusal("invalid", "wrong_type", slot)
            elif kind.is_group(slot) and isinstance(value, dict | None):
                members = kind.spread(slot, value)
                if value and not members.keys() >= value.keys():
                    raise Refusal("quarantined", NEWER, slot)
                values |= members
                for name, member in members.items():
                    if not isinstance(member, str) or member not in sound[name]:
                        unproven[name] = member
            else:
                raise Refusal("quarantined", NEWER, slot)
        for name, problem in kind.problems(unproven):
            if problem.code == "not_in_list":
                raise Refusal("quarantined", NEWER, name)
            if not problem.is_doubt:
                raise Refusal("invalid", problem.code, name)
        for name, value in unproven.items():
            if isinstance(value, str):
                sound[name].add(value)
        return values

    def _is_withdrawal(self, change: Change, state: State | None) -> bool:
        """The author of a record may take it back while nobody else has touched it."""
        if state is None:
            return True  # made in this very txn
        authors = {state.made.author, state.last.author}
        authors |= {h.mark.author for s in state.slots.values() for h in s.heads}
        return authors == {change.author}

    def _whereabouts(
        self,
        kind: Kind,
        change: Change,
        state: State | None,
        values: Mapping[str, Any],
        made: Made,
    ) -> tuple[str, tuple[str, ...]]:
        """Root and units that decide who may do this: where the record is now, or is being made."""
        if state is not None:
            place = self.batch.places.get(state.root)
            return state.root, place.units if place else ()
        if change.id in made:
            return made[change.id][1:]
        if kind.scope == "public":
            return "", ()
        if kind.scope == "root":
            units = units_of(kind, values)
            if not all(unit in self.batch.tree.parents for unit in units):
                raise Refusal("quarantined", "unknown_unit")
            return change.id, units
        parent = str(values.get(kind.parent))
        if parent in made:
            return made[parent][1:]
        above = self.batch.states.get(parent)
        if above is None or KINDS[above.kind].scope != "root":
            raise Refusal("quarantined", "unknown_record", kind.parent)
        if above.is_deleted and not kind.keeps_root:  # a child in danger is never turned away
            raise Refusal("quarantined", "record_deleted", kind.parent)
        place = self.batch.places.get(above.root)
        return above.root, place.units if place else ()
