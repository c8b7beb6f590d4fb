"""Editors of single fields, made from the declaration: text, codes by digit, dates in words, long
text."""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING, Any

from textual import events

from casework import search, wording
from casework.units_names import short_name
from schema.kinds import KINDS
from schema.problems import InvalidValue
from schema.record import Field
from schema.types import Choice, Choices, Date, LongText, Moment, Ref, UnitRef, YesNo
from sync.language import _
from tui.fields import Typed

if TYPE_CHECKING:
    from sync.reading import Reading

DIGITS = 9
"""Answers that a digit chooses; the others arrows reach."""
_DAY_WORDS = {
    "今天": 0,
    "昨天": -1,
    "前天": -2,
    "明天": 1,
    "today": 0,
    "yesterday": -1,
    "tomorrow": 1,
}


def date_typed(text: str, today: datetime.date) -> str:
    """Words for days and short dates as a full date: 昨天, 11.17, 11-17, 17日."""
    word = text.strip().lower()
    if word in _DAY_WORDS:
        return (today + datetime.timedelta(days=_DAY_WORDS[word])).isoformat()
    found = re.fullmatch(r"(\d{1,2})[.\-/月](\d{1,2})日?", word)
    if found:
        return f"{today.year}-{int(found[1]):02d}-{int(found[2]):02d}"
    return text


class FieldEditor(Typed):
    """One field in one row. `value_now()` gives what would be stored."""

    def __init__(
        self,
        field: Field,
        value: Any,
        replica: Reading,
        today: datetime.date,
        root: str = "",
        **kwargs: Any,
    ) -> None:
        self.field = field
        self.root = root
        """The child whose form this is: what hangs there is offered where another record is named."""
        self.replica = replica
        self.today = today
        self.held = value
        self.chosen: list[str] = []
        self.pointer = -1
        """In a set: the answer that Space takes or drops; arrows move it."""
        if isinstance(field.type, Choices):
            self.chosen = list(value or ())
        elif isinstance(field.type, Choice):
            self.chosen = [value] if value is not None else []
        super().__init__(self._shown(value), **kwargs)

    def _shown(self, value: Any) -> str:
        if isinstance(self.field.type, Choice):
            return self._words()
        if isinstance(self.field.type, Date | Moment):
            return str(value or "")
        if isinstance(self.field.type, LongText):
            return str(value or "").replace("\n", " ")
        return wording.value_text(self.field, value, self.replica, self.today, is_masked=False)

    def _words(self) -> str:
        codes = self.field.type.codes.by_code  # type: ignore[attr-defined]
        # A newer program's list has more: shown as it is, or saving the rest would take it away.
        return _("、").join(_(codes[c].label) if c in codes else c for c in self.chosen)

    # -- what is offered and what is wrong

    def options(self) -> list[str]:
        """What the digits mean here."""
        if isinstance(self.field.type, Choice):
            labels = [_(c.label) for c in self.field.type.codes.live]
            return [f"{n} {label}" if n <= DIGITS else label for n, label in enumerate(labels, 1)]
        if isinstance(self.field.type, YesNo):
            return [f"1 {_('是')}", f"2 {_('否')}"]
        if self._names_record():
            return [f"{n} {title}" for n, (_id, title) in enumerate(self.records()[:6], 1)]
        if isinstance(self.field.type, UnitRef) and self.value.strip():
            return [short_name(str(u["name"])) for u in self.units()[:6]]
        return []

    def offers(self) -> list[tuple[str, str]]:
        """The options with their styles: chosen ones of a set, and the one that Space takes; then
        the keys for what no digit reaches."""
        words = self.options()
        if not isinstance(self.field.type, Choice):
            return [(text, "text") for text in words]
        is_set = isinstance(self.field.type, Choices)
        found = []
        for n, code in enumerate(self.field.type.codes.live):
            spec = "accent bold" if is_set and code.code in self.chosen else "text"
            found.append((words[n], f"{spec} on raise" if n == self.pointer else spec))
        if len(words) > DIGITS:
            found.append((_("← → 空格") if is_set else "← →", "faint"))
        return found

    def _names_record(self) -> bool:
        return isinstance(self.field.type, Ref) and not isinstance(self.field.type, UnitRef)

    def records(self) -> list[tuple[str, str]]:
        """Records that may be meant, with their titles: of the same child, or found by the text."""
        assert isinstance(self.field.type, Ref)
        kind = KINDS[self.field.type.kind]
        if kind.scope == "hangs":
            rows = self.replica.children_of(kind.name, self.root)
        else:
            hits = search.find(self.replica, kind.name, self.value.strip(), 6)
            rows = self.replica.rows(kind.name, [h.id for h in hits])
        return [
            (r["id"], wording.title_text(kind, r, self.replica, self.today)) for r in rows
        ]

    def _record(self, text: str) -> str:
        """The id of the record that the text names."""
        offered = self.records()
        exact = [id_ for id_, title in offered if text in (title, id_)]
        partly = [id_ for id_, title in offered if text in title]
        return (exact or partly or [text])[0]

    def units(self) -> list[dict[str, Any]]:
        """Units that the typed text may mean, the user's own first."""
        wanted = self.value.strip()
        levels = self.field.type.levels if isinstance(self.field.type, UnitRef) else ()
        mine = {g.unit for g in self.replica.identity.grants}
        found = [
            u
            for u in self.replica.units().values()
            if (not levels or u["level"] in levels)
            and (wanted == u["id"] or wanted in str(u["name"]))
        ]
        found.sort(
            key=lambda u: (
                short_name(str(u["name"])) != wanted,
                not mine.intersection(self.replica.path_of(u["id"])),
                u["id"],
            )
        )
        return found

    def value_now(self) -> Any:
        """The value to store.

        Raises:
            InvalidValue: what was typed means nothing.
        """
        kind = self.field.type
        text = self.value.strip()
        if isinstance(kind, Choices):
            is_same = set(self.chosen) == set(self.held or ())
            return self.held if is_same else kind.sorted(self.chosen) if text else None
        if isinstance(kind, Choice):
            return self.chosen[0] if self.chosen and text else None
        if isinstance(kind, UnitRef):
            if not text:
                return None
            found = self.units()
            return found[0]["id"] if found else kind.parse(text)
        if self._names_record():
            return self._record(text) if text else None
        if isinstance(kind, Date):
            return kind.parse(date_typed(text, self.today))
        if isinstance(kind, Moment):
            day, _space, time = text.partition(" ")
            return kind.parse(f"{date_typed(day, self.today)} {time}")
        return kind.parse(text)

    def trouble(self) -> tuple[str, bool]:
        """(sentence, is_doubt) about what stands in the field; empty when nothing is wrong."""
        try:
            value = self.value_now()
        except InvalidValue as error:
            return error.problem.text(_), False
        is_new = value is not None and (value != self.held or not self._is_strange(value))
        problem = self.field.type.check(value) if is_new else None
        return (problem.text(_), problem.is_doubt) if problem else ("", False)

    def _is_strange(self, value: Any) -> bool:
        """True for answers of a newer program's list."""
        codes = getattr(getattr(self.field.type, "codes", None), "by_code", None)
        if codes is None:
            return False
        return any(c not in codes for c in (value if isinstance(value, list) else [value]))

    def reading(self) -> str:
        """The typed text read back beside the field: the weekday of a date, the name of a unit."""
        try:
            value = self.value_now()
        except InvalidValue:
            return ""
        if isinstance(self.field.type, Date) and value and len(value) == 10:
            day = datetime.date.fromisoformat(value)
            from tui.screens.home import WEEKDAYS

            return f"{wording.date_text(value, self.today)} {_(WEEKDAYS[day.weekday()])}"
        if isinstance(self.field.type, UnitRef) and value:
            unit = self.replica.unit(value)
            return (
                " ‹ ".join(
                    short_name(str(self.replica.units()[c]["name"]))
                    for c in self.replica.path_of(value)[1:3]
                )
                if unit
                else ""
            )
        return ""

    # -- keys

    async def _on_key(self, event: events.Key) -> None:
        if isinstance(self.field.type, Choice) and self._choose(event.key):
            event.stop()
            event.prevent_default()
            return
        if isinstance(self.field.type, YesNo) and event.key in ("1", "2"):
            self.value = _("是") if event.key == "1" else _("否")
            self.cursor_position = len(self.value)
            event.stop()
            event.prevent_default()
            return
        if self._names_record() and event.key.isdigit() and self._take(int(event.key) - 1):
            event.stop()
            event.prevent_default()
            return
        await super()._on_key(event)

    def _take(self, number: int) -> bool:
        """The record at a digit; False where none is offered."""
        offered = self.records()[:6]
        if not 0 <= number < len(offered):
            return False
        self.value = offered[number][1]
        self.cursor_position = len(self.value)
        return True

    def _choose(self, key: str) -> bool:
        """Digits choose (or toggle, in a set), arrows go round (in a set, Space toggles), backspace
        empties."""
        kind = self.field.type
        assert isinstance(kind, Choice)
        live = [c.code for c in kind.codes.live]
        if key in ("backspace", "delete"):
            self.chosen = []
        elif key.isdigit() and 0 < int(key) <= len(live):
            code = live[int(key) - 1]
            if isinstance(kind, Choices):
                self.chosen = kind.sorted(set(self.chosen) ^ {code}) or []
            else:
                self.chosen = [code]
        elif key in ("left", "right") and isinstance(kind, Choices):
            self.pointer = (self.pointer + (1 if key == "right" else -1)) % len(live)
            self.refresh()
            self.post_message(self.Changed(self, self.value))  # what is offered is painted anew
        elif key == "space" and isinstance(kind, Choices) and self.pointer >= 0:
            self.chosen = kind.sorted(set(self.chosen) ^ {live[self.pointer]}) or []
        elif key in ("left", "right"):
            at = live.index(self.chosen[0]) if self.chosen and self.chosen[0] in live else -1
            step = 1 if key == "right" else -1
            self.chosen = [live[(at + step) % len(live)] if at >= 0 else live[0]]
        else:
            return (
                key not in ("tab", "shift+tab", "up", "down", "enter", "escape") and len(key) == 1
            )
        self.value = self._words()
        self.cursor_position = len(self.value)
        return True
