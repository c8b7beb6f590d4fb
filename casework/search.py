"""Finding people: a narrow table that holds every searched text of a record, walked in list order.

Names are found by plain LIKE over it (3 ms in 20,000 encrypted rows); FTS5's trigrams cannot find
names of two characters. The table is written with the records, in their transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from msgspec import Struct

from casework.units_names import short_name
from schema.kinds import KINDS
from schema.record import Field, Kind
from schema.types import Name, Phone, Ref
from sync import pinyin
from sync.change import State
from sync.reading import Reading
from sync.records import as_json, may_hold
from sync.storage import Connection, insert
from sync.tables import quoted, table

SEPARATOR = "\n"
"""Between the texts of one row, so that no match spans two."""


class Hit(Struct, frozen=True):
    """A record found; the higher the score, the surer."""

    id: str
    score: int


class Indexer:
    """Keeps the search table true. Handed to `Replica(indexers=[…])`."""

    def __call__(
        self, connection: Connection, touched: Mapping[str, set[str]], new: Mapping[str, State]
    ) -> None:
        if "unit" in touched:
            self._units = None
        for name, kind in KINDS.items():
            if kind.scope == "hangs" or not any(f.is_searchable for f in kind.fields):
                continue
            ids = set(touched.get(name, ()))
            if kind.scope == "root":
                ids |= self._roots(connection, kind, touched)
            if ids:
                self._write(connection, kind, ids, new)

    def __init__(self) -> None:
        self._units: dict[str, str] | None = None

    def _roots(
        self, connection: Connection, root: Kind, touched: Mapping[str, set[str]]
    ) -> set[str]:
        """Roots of a kind whose hanging records changed: a mother's phone finds the child."""
        found: set[str] = set()
        for name, ids in touched.items():
            kind = KINDS[name]
            if _hangs_on(kind, root) and _person_fields(kind):
                rows = connection.execute(
                    f"SELECT DISTINCT _root FROM {table(name)}"  # noqa: S608
                    " WHERE id IN (SELECT value FROM json_each(?))",
                    (as_json(ids),),
                )
                found.update(row[0] for row in rows)
        return found

    def _write(
        self, connection: Connection, kind: Kind, ids: set[str], new: Mapping[str, State]
    ) -> None:
        fields = [f for f in kind.fields if f.is_searchable]
        units = list(kind.unit_fields[:1])
        around = self._around(connection, kind, ids) if kind.scope == "root" else {}
        if kind.pointer:
            for id_, texts in self._otherwise(connection, kind, ids).items():
                around.setdefault(id_, []).extend(texts)
        columns = [*(f.name for f in fields), *units]
        made: dict[str, tuple[str, str, str, str]] = {}
        if rows := self._rows(connection, kind, columns, ids, new):
            found, *values = zip(*rows, strict=True)  # column by column: a third of the time less
            hear = cache(pinyin.sounds)
            words = [_words_of(f, column, hear) for f, column in zip(fields, values, strict=False)]
            if around:
                words.append([SEPARATOR.join(around.get(id_, ())) for id_ in found])
            if units:
                names = self._unit_names(connection)
                words.append([names.get(unit, "") for unit in values[-1]])
            for id_, title, *texts in zip(found, values[0], *words, strict=True):
                hay = SEPARATOR.join(filter(None, texts)).lower()
                made[id_] = kind.name, hear(str(title or ""))[1], id_, hay
        self._replace(connection, kind.name, ids, made)

    def _rows(
        self,
        connection: Connection,
        kind: Kind,
        columns: Sequence[str],
        ids: set[str],
        new: Mapping[str, State],
    ) -> list[Sequence[Any]]:
        """Id and values of these columns, of the records that are shown by themselves."""
        found: list[Sequence[Any]] = [
            (id_, *map(state.values.get, columns)) for id_, state in new.items() if id_ in ids
        ]
        if len(found) < len(ids):
            only = " AND _root = id" if kind.pointer else ""
            found += connection.execute(
                f"SELECT id, {', '.join(map(quoted, columns))} FROM {table(kind.name)}"  # noqa: S608
                f" WHERE _deleted IS NULL{only} AND id IN (SELECT value FROM json_each(?))",
                (as_json(ids - new.keys()),),
            )
        return found

    def _replace(
        self,
        connection: Connection,
        kind: str,
        ids: set[str],
        made: dict[str, tuple[str, str, str, str]],
    ) -> None:
        """Write what differs only: most edits change no searched word, and each row that is written
        is a page of its own to encrypt."""
        if may_hold(connection, "search", "id", ids):
            stale = []
            for row in connection.execute(
                "SELECT kind, sort, id, hay FROM search"
                " WHERE id IN (SELECT value FROM json_each(?)) AND +kind = ?",  # by id, not by kind
                (as_json(ids), kind),
            ):
                if made.get(row[2]) == row:
                    del made[row[2]]
                else:
                    stale.append(row[:3])
            gone = "DELETE FROM search WHERE kind = ? AND sort = ? AND id = ?"
            connection.executemany(gone, stale)
        insert(connection, "search", sorted(made.values()))

    def _around(self, connection: Connection, kind: Kind, ids: set[str]) -> dict[str, list[str]]:
        """Per root, the phones of the people who hang on it."""
        found: dict[str, list[str]] = {}
        for other in KINDS.values():
            fields = _person_fields(other) if _hangs_on(other, kind) else []
            if not fields or not may_hold(connection, table(other.name), "_root", ids):
                continue
            columns = ", ".join(quoted(f.name) for f in fields)
            for root, *values in connection.execute(
                f"SELECT _root, {columns} FROM {table(other.name)}"  # noqa: S608
                " WHERE _deleted IS NULL AND _root IN (SELECT value FROM json_each(?))",
                (as_json(ids),),
            ):
                found.setdefault(root, []).extend(v for v in values if v)
        return found

    def _otherwise(
        self, connection: Connection, kind: Kind, ids: set[str]
    ) -> dict[str, list[str]]:
        """Per kept file, what the files merged into it say: it is found by those words too."""
        fields = [f for f in kind.fields if f.is_searchable]
        found: dict[str, list[str]] = {}
        for root, *values in connection.execute(
            f"SELECT _root, {', '.join(quoted(f.name) for f in fields)} FROM {table(kind.name)}"  # noqa: S608
            " WHERE _root <> id AND _deleted IS NULL"
            " AND +_root IN (SELECT value FROM json_each(?))",  # the few that are merged first
            (as_json(ids),),
        ):
            words = [_words_of(f, [v], pinyin.sounds)[0] for f, v in zip(fields, values, strict=True)]
            found.setdefault(root, []).extend(filter(None, words))
        return found

    def _unit_names(self, connection: Connection) -> dict[str, str]:
        if self._units is None:
            rows = connection.execute("SELECT id, name FROM r_unit")
            self._units = {code: short_name(str(name or "")) for code, name in rows}
        return self._units


def _hangs_on(kind: Kind, root: Kind) -> bool:
    parent = kind.by_name[kind.parent].type if kind.parent else None
    return isinstance(parent, Ref) and parent.kind == root.name


def _person_fields(kind: Kind) -> list[Field]:
    return [f for f in kind.fields if f.is_searchable and isinstance(f.type, Phone)]


def _words_of(
    field: Field, values: Iterable[Any], hear: Callable[[str], tuple[str, str]]
) -> list[str]:
    """What each value of a searched field is found by; a name by its initials too."""
    if isinstance(field.type, Name):
        return [f"{v}{SEPARATOR}{hear(str(v))[0]}" if v else "" for v in values]
    return [str(v) if v else "" for v in values]


def _pattern(text: str) -> str:
    escaped = text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _words(text: str) -> list[str]:
    """Words that must all be found. Digits set in groups are one number; a unit goes by its short
    name."""
    words = [short_name(word) for word in text.split()]
    if words and all(w.isdigit() for w in words):
        return ["".join(words)]
    return words


def _condition(kind: str, text: str, where: str, is_loose: bool) -> tuple[str, list[Any]]:
    """Letters are initials and match from the first character of a name, unless `is_loose`."""
    parts, values = ["kind = ?"], [kind]
    for word in _words(text):
        if word.isascii() and word.isalpha() and not is_loose:
            parts.append("(hay LIKE ? OR hay LIKE ?)")
            values += [f"%{SEPARATOR}{word.lower()}%", f"% {word.lower()}%"]
        else:
            parts.append("hay LIKE ? ESCAPE '\\'")
            values.append(_pattern(word))
    if where:
        parts.append(f"id IN (SELECT id FROM {table(kind)} WHERE _deleted IS NULL AND ({where}))")  # noqa: S608
    return " AND ".join(parts), values


def _hanging(kind: Kind, text: str, where: str) -> tuple[str, list[Any]]:
    """Hanging records are searched in their own table: by their words, or by whose they are."""
    parts, values = ["_deleted IS NULL"], []
    for word in _words(text):
        fields = [f for f in kind.fields if f.is_searchable]
        found = [f"{quoted(f.name)} LIKE ? ESCAPE '\\'" for f in fields]
        found.append("_root IN (SELECT id FROM search WHERE hay LIKE ? ESCAPE '\\')")
        parts.append(f"({' OR '.join(found)})")
        values += [_pattern(word)] * len(found)
    if where:
        parts.append(f"({where})")
    return " AND ".join(parts), values


def ids(
    replica: Reading,
    kind: str,
    text: str,
    limit: int,
    offset: int = 0,
    where: str = "",
    *,
    is_loose: bool = False,
    worry: str = "",
) -> list[str]:
    """Ids of matching records in list order. `where`: a condition over the kind's table; `worry`: a
    ranked field whose most worrying values come first."""
    if KINDS[kind].scope == "hangs":
        found, values = _hanging(KINDS[kind], text, where)
        order = ", ".join(
            f"{quoted(n.lstrip('-'))}{' DESC' if n.startswith('-') else ''}"
            for n in KINDS[kind].order_by
        )
        rows = replica.connection.execute(
            f"SELECT id FROM {table(kind)} WHERE {found} ORDER BY {order}, id LIMIT ? OFFSET ?",  # noqa: S608
            (*values, limit, offset),
        )
        return [row[0] for row in rows]
    condition, values = _condition(kind, text, where, is_loose)
    order = f"{_worry(kind, worry)} DESC, sort, id" if worry else "sort, id"
    rows = replica.connection.execute(
        f"SELECT id FROM search WHERE {condition} ORDER BY {order} LIMIT ? OFFSET ?",  # noqa: S608
        (*values, limit, offset),
    )
    return [row[0] for row in rows]


def _worry(kind: str, field: str) -> str:
    """SQL for the rank of a record's value in a code list."""
    codes = getattr(KINDS[kind].by_name[field].type, "codes", ())
    ranks = " ".join(f"WHEN '{c.code}' THEN {c.rank}" for c in codes)
    return (
        f"coalesce((SELECT CASE {quoted(field)} {ranks} END"  # noqa: S608
        f" FROM {table(kind)} r WHERE r.id = search.id), -1)"
    )


def count(
    replica: Reading,
    kind: str,
    text: str = "",
    where: str = "",
    *,
    is_loose: bool = False,
    after: str = "",
) -> int:
    """How many match. `after`: only those that come in list order after this record, so that a page
    and the count of the rest are one walk through the list; not where a list hangs or has a worry."""
    if KINDS[kind].scope == "hangs":
        found, values = _hanging(KINDS[kind], text, where)
        row = replica.connection.execute(
            f"SELECT count(*) FROM {table(kind)} WHERE {found}",  # noqa: S608
            values,
        )
        return int(row.fetchone()[0])
    if where and not text and not after:  # without the way round by `search`: 2 ms for 12
        kept = " AND _root = id" if KINDS[kind].pointer else ""
        statement = f"SELECT count(*) FROM {table(kind)} WHERE _deleted IS NULL{kept} AND ({where})"  # noqa: S608
        return int(replica.connection.execute(statement).fetchone()[0])
    condition, values = _condition(kind, text, where, is_loose)
    if after:
        condition += " AND (sort, id) > ((SELECT sort FROM search WHERE id = ? AND kind = ?), ?)"
        values += [after, kind, after]
    row = replica.connection.execute(f"SELECT count(*) FROM search WHERE {condition}", values)  # noqa: S608
    return int(row.fetchone()[0])


def keep_in_memory(replica: Reading, count: int) -> None:
    """Room for the texts of `count` records, 200 bytes each, in the store's page cache: else each
    key decrypts them anew, 60 ms of 200,000 children for 20."""
    replica.connection.execute(f"PRAGMA cache_size = -{max(8_000, count * 200 // 1_000)}")


def find(
    replica: Reading, kind: str, text: str, limit: int = 50, offset: int = 0, where: str = ""
) -> list[Hit]:
    """Matching records, the surest first: whole name 100, whole number or initials 90, beginning
    80, inside 60."""
    condition, values = _condition(kind, text, where, is_loose=True)
    wanted = "".join(_words(text)).lower()
    rows = replica.connection.execute(
        f"SELECT id, hay FROM search WHERE {condition} ORDER BY sort, id LIMIT 2000",  # noqa: S608
        values,
    ).fetchall()
    hits = [Hit(id_, _score(hay, wanted)) for id_, hay in rows]
    hits.sort(key=lambda h: -h.score)
    return hits[offset : offset + limit]


def _score(hay: str, wanted: str) -> int:
    texts = hay.split(SEPARATOR)
    if texts and texts[0] == wanted:
        return 100
    words = {w for t in texts for w in t.split(" ")}
    if wanted in words:
        return 90
    return 80 if any(w.startswith(wanted) for w in words) else 60
