"""The months a county lets laptops hold of kinds that grow for ever: contacts (`Kind.window_field`).

The boundary is a record of the county like its settings, written by the hub when a month has passed:
so it has a number in the log, and both ends count the same records at every number. Records before
it do not travel by themselves, are let go by laptops, and come when asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Any

from schema.kinds import KINDS
from schema.record import Kind
from sync import digest
from sync.change import State
from sync.erasing import is_erased
from sync.hubstore import HubStore

RECORD = "setting:window"
"""The id of the boundary's record: `value` is the first month that is held, as 202411."""
WINDOWED = tuple(name for name, kind in KINDS.items() if kind.window_field)

_CHINA = timezone(timedelta(hours=8))


def month_of(kind: Kind, values: dict[str, Any]) -> str:
    """`2024-11`, or '' for what is held whatever its date."""
    date = values.get(kind.window_field) if kind.window_field else None
    return str(date)[:7] if date else ""


def text_of(value: Any) -> str:
    """The boundary's value as a month; '' when there is none."""
    return f"{int(value) // 100:04}-{int(value) % 100:02}" if value else ""


def number_of(month: str) -> int:
    return int(month.replace("-", "")) if month else 0


def since_of(store: HubStore) -> str:
    """The boundary at the end of the hub's log."""
    state = store.states([RECORD]).get(RECORD)
    return text_of(state.values.get("value")) if state else ""


def since_at(store: HubStore, seq: int) -> str:
    """The boundary at a number of the hub's log."""
    entry = store.entry_of(RECORD, seq)
    return text_of(entry.change.fields.get("value")) if entry else ""


def counts(state: State, since: str) -> bool:
    """True for what every laptop with the grants holds.

    What is left of an erased record has no date any more: it may be held or not.
    """
    kind = KINDS.get(state.kind)
    if kind is None or not kind.window_field:
        return True
    return not is_erased(state) and is_held(kind, state.values, since)


def is_held(kind: Kind, values: dict[str, Any], since: str) -> bool:
    """`counts`, of what is not erased."""
    month = month_of(kind, values) if since else ""
    return not month or month >= since


def digest_of(state: State, since: str) -> int:
    """The hash of a record as the sums count it: nothing before the boundary."""
    return digest.of(state) if counts(state, since) else 0


def total_of(states: Iterable[State], since: str) -> int:
    """The sum of `digest_of`."""
    return sum(digest.of(state) for state in states if counts(state, since))


def boundary(now_ms: int, months: int) -> str:
    """The first month held, of so many whole months before this one; '' for all of them."""
    if not months:
        return ""
    today = datetime.fromtimestamp(now_ms / 1000, _CHINA)
    number = today.year * 12 + today.month - 1 - months
    return f"{number // 12:04}-{number % 12 + 1:02}"
