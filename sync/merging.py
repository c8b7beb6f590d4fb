"""Files of one child: which are merged into which, which one is kept, and where they all are.

A file that turned out to be a second one of the same child stays a record; the field named by
`Kind.pointer` says into which file it was merged. Pure functions; the hub and the replicas use the
same ones.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from schema.record import DELETED, Kind
from sync.change import State
from sync.erasing import is_erased
from sync.scope import FILE, UnitTree, units_of

CARRIER = "hub+"
"""How the device of a change begins by which the county carries a late edit to the kept file, or
takes it out again (sync/carrying.py)."""


def is_carried(version: str) -> bool:
    return version.startswith(CARRIER)


def ends(into: Mapping[str, str], gone: Collection[str] = ()) -> dict[str, str]:
    """Every merged-away file, with the file it is shown under.

    `into`: file to the file it was merged into; `gone`: files that are deleted or not here. To be
    merged into a file that is gone does not count: nothing is hidden under it. Of a circle the
    smallest id stays.

    >>> ends({"a": "b", "b": "c"})
    {'a': 'c', 'b': 'c'}
    """
    found: dict[str, str] = {}
    for start in into:
        path = [start]
        while True:
            following = into.get(path[-1])
            if not following or following in gone:
                end = path[-1]
                break
            if following in path:
                end = min(path[path.index(following) :])
                break
            path.append(following)
        if end != start:
            found[start] = end
    return found


def way(into: Mapping[str, str], start: str) -> list[str]:
    """The files that `start` leads to, one after the other; a circle is walked once."""
    path = [start]
    while (following := into.get(path[-1])) and following not in path:
        path.append(following)
    return path[1:]


def pointers(kind: Kind, states: Iterable[State]) -> dict[str, str]:
    """File to the file it was merged into."""
    return {s.id: s.values[kind.pointer] for s in states if s.values.get(kind.pointer)}


def kept_of(kind: Kind, states: Mapping[str, State]) -> dict[str, str]:
    """`ends` of the files of one child."""
    into = pointers(kind, states.values())
    gone = {s.id for s in states.values() if s.values.get(DELETED) is not None}
    return ends(into, gone | (set(into.values()) - states.keys()))


def files_in(units: Iterable[str]) -> list[str]:
    """The files of the child whose place has these units; none when there is only one."""
    return [u[len(FILE) :] for u in units if u.startswith(FILE)]


def groups(kind: Kind, states: Mapping[str, State]) -> list[list[State]]:
    """The states put together by child, whichever way their pointers go.

    What points at an erased file stands alone: nothing is left there to be one with.
    """
    of: dict[str, str] = {i: i for i in states}

    def head(i: str) -> str:
        while of[i] != i:
            i = of[i]
        return i

    for file, into in pointers(kind, states.values()).items():
        if into in of and not is_erased(states[into]):
            of[head(file)] = head(into)
    found: dict[str, list[State]] = {}
    for i in sorted(states):
        found.setdefault(head(i), []).append(states[i])
    return list(found.values())


def units_of_files(kind: Kind, files: list[State]) -> tuple[str, ...]:
    """The units of all files of one child, and a mark for each file when there are several.

    Everyone who saw one of the files goes on seeing it, until the kept file is moved: what a
    merged-away file says of a village or a school counts only as long as nobody has written that
    field of the kept file since the merge.
    """
    if len(files) == 1:
        return units_of(kind, files[0].values)
    by_id = {s.id: s for s in files}
    away = kept_of(kind, by_id)
    units: set[str] = {FILE + s.id for s in files}
    for state in files:
        kept = by_id[away[state.id]] if state.id in away else None
        for name in kind.unit_fields:
            value = state.values.get(name)
            if value and (kept is None or not _is_newer(kind, kept, name, state)):
                units.add(value)
    return tuple(sorted(units))


def _is_newer(kind: Kind, kept: State, name: str, away: State) -> bool:
    """True when a field of the kept file was written after the other file was merged into it."""
    written, merged = kept.slots.get(kind.by_name[name].slot), away.slots.get(kind.pointer)
    if written is None or merged is None:
        return False
    return written.standing.mark.stamp > merged.standing.mark.stamp


def unit_above(tree: UnitTree, units: Iterable[str]) -> str | None:
    """The smallest unit that all of these are in; None where there is none."""
    paths = [tree.path(u) for u in units if u in tree.parents]
    common = set.intersection(*map(set, paths)) if paths else set()
    return next((u for u in paths[0] if u in common), None) if paths else None
