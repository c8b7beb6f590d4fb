"""Record a visit: the common words once, then a column per child; one contact each, one `visit`
id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import TextArea

from casework import visits, wording
from casework.household import housemates
from schema.problems import InvalidValue
from schema.record import Field
from schema.types import Date, LongText
from sync import errors
from sync.language import _
from sync.replica import InvalidRecord, Refused
from tui import drafts, offers
from tui.canvas import Canvas, Row, fit_whole
from tui.editors import FieldEditor
from tui.place import LEFT, Place

KIND = visits.CONTACT
COMMON, *PER_CHILD = KIND.section_labels
LABEL = 9
MOST_CHILDREN = 3
"""Columns that fit beside the labels at 80 cells; a larger household is a second visit record."""


class Tag(Canvas):
    """A label, with the cursor bar while its editor has the focus."""

    DEFAULT_CSS = "Tag { height: 1; }"

    def __init__(self, label: str, width: int, start: int = 0) -> None:
        super().__init__()
        self.label = label
        self.start = start
        self.styles.width = width

    def paint(self, y: int, row: Row) -> None:
        if self.start == LEFT and self._is_of_focused():
            row.mark(1, "here")
        row.put(self.start, _(self.label), "dim", row.width - self.start - 1)

    def _is_of_focused(self) -> bool:
        focused = self.screen.focused
        return focused is not None and focused in self.siblings


class Note(Canvas):
    """A row of text that the place words."""

    DEFAULT_CSS = "Note { height: 1; }"

    def __init__(self, which: str, height: int = 1) -> None:
        super().__init__()
        self.which = which
        self.styles.height = height

    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, VisitPlace)
        place.paint_note(self.which, y, row)


class VisitPlace(Place):
    """A visit to one child or a household."""

    place = "visit"
    is_open_past_lease = True
    hints = ("save", "as_last", "add_child", "undo", "back")
    CSS = """
    VisitPlace .line { height: 1; }
    VisitPlace #words { height: 3; }
    VisitPlace TextArea { height: 3; width: 1fr; margin-right: 3; }
    VisitPlace #top { height: auto; margin-top: 1; }
    VisitPlace #each { height: auto; }
    """

    def __init__(self, children: Sequence[str], *, is_call: bool = False) -> None:
        super().__init__()
        self.roots = list(children)
        self.is_call = is_call
        self.common: dict[str, FieldEditor] = {}
        self.each: dict[tuple[str, str], FieldEditor] = {}
        """(child, field) to editor."""
        self.long: Field = next(
            f for f in KIND.fields if f.section == COMMON and isinstance(f.type, LongText)
        )
        self.was_kept = ""

    # -- what is shown

    @property
    def draft_place(self) -> str:
        return f"visit:{self.roots[0]}"

    def body(self) -> Iterator[Widget]:
        held = visits.beginning(self.replica, self.today, is_call=self.is_call)
        kept = drafts.find(self.replica, self.draft_place)
        each: dict[str, dict[str, Any]] = {}
        if kept is not None:
            held = kept[0]["common"]
            each = kept[0]["each"]
            self.roots = list(each) or self.roots
            self.was_kept = wording.moment_text(kept[1], self.today)
        self.names = {
            r["id"]: r
            for r in self.replica.rows(KIND.by_name[KIND.parent].type.kind, self.roots)  # type: ignore[attr-defined]
        }
        yield Vertical(*self._top(held), id="top")
        yield Vertical(*self._columns(each), id="each")
        yield Note("preview", 2)
        yield Canvas()

    def _top(self, held: dict[str, Any]) -> list[Widget]:
        fields = [
            f for f in KIND.fields
            if f.section == COMMON and not f.is_hidden and f is not self.long
        ]  # fmt: skip
        # A date has a row to itself, with its words read back beside it; the rest stand in pairs.
        dates = [f for f in fields if isinstance(f.type, Date)]
        others = [f for f in fields if f not in dates]
        rows = [[f] for f in dates] + [others[n : n + 2] for n in range(0, len(others), 2)]
        lines: list[Widget] = []
        for fields_of_row in rows:
            widgets: list[Widget] = []
            for m, field in enumerate(fields_of_row):
                editor = FieldEditor(
                    field, held.get(field.name), self.replica, self.today, width=24
                )
                self.common[field.name] = editor
                start = LEFT if m == 0 else 3
                widgets += [Tag(field.label, start + LABEL, start), editor]
            if len(widgets) == 2:
                widgets.append(Note("reading"))
            lines.append(Horizontal(*widgets, classes="line"))
        self.words = TextArea(
            str(held.get(self.long.name) or ""), compact=True, soft_wrap=True, tab_behavior="focus"
        )
        self.words.cursor_blink = False
        lines.append(Horizontal(Tag(self.long.label, LEFT + LABEL, LEFT), self.words, id="words"))
        return lines

    def _columns(self, held: dict[str, dict[str, Any]]) -> list[Widget]:
        fields = [f for f in KIND.fields if f.section in PER_CHILD and not f.is_hidden]
        lines: list[Widget] = [Note("names")]
        width = self._column_width
        for field in fields:
            widgets: list[Widget] = [Tag(field.label, LEFT + LABEL, LEFT)]
            for child in self.roots:
                value = held.get(child, {}).get(field.name)
                editor = FieldEditor(field, value, self.replica, self.today, width=width - 1)
                editor.styles.margin = (0, 1, 0, 0)
                self.each[child, field.name] = editor
                widgets.append(editor)
            lines.append(Horizontal(*widgets, classes="line"))
        return lines

    @property
    def _column_width(self) -> int:
        room = max(self.app.size.width, 80) - LEFT - LABEL - LEFT
        return room // max(len(self.roots), 2)

    def paint_note(self, which: str, y: int, row: Row) -> None:
        if which == "names":
            x = LEFT + LABEL
            for child in self.roots:
                name, years = visits.name_and_age(self.names.get(child, {}), self.today)
                after = row.mark(x, "marked")
                after = row.put(after + 1, name, "text bold", self._column_width - 8)
                if years is not None and not self.program.lease.is_ended:
                    row.put(after + 2, _("{n}岁").format(n=years), "dim")
                x += self._column_width
        elif which == "reading":
            row.put(3, self.common[visits.DAY].reading(), "accent")
        elif which == "preview":
            self._paint_preview(y, row)

    def _paint_preview(self, y: int, row: Row) -> None:
        editor = self.focused
        if y == 0:
            sentence, is_doubt = (
                editor.trouble() if isinstance(editor, FieldEditor) else ("", False)
            )
            if sentence:
                row.put(LEFT, sentence, "amber" if is_doubt else "red", row.width - 2 * LEFT)
            else:
                offers.paint(editor, 0, row)
        elif not offers.paint(editor, y, row):
            names = self._all_names()
            if len(self.roots) > 1:
                words = _("存成 {n} 条：{names} 各一条，连成一次。").format(
                    n=len(self.roots), names=names
                )
            else:
                words = _("存成 1 条，归 {names} 的档案。").format(names=names)
            row.put(LEFT, words, "dim", row.width - 2 * LEFT)

    def on_mount(self) -> None:
        (self.words if not self.is_call else next(iter(self.common.values()))).focus()
        if self.was_kept:
            self.program.say(_("接着写 {when} 先放着的。").format(when=self.was_kept))

    def on_input_changed(self) -> None:
        self.repaint()

    def on_descendant_focus(self) -> None:
        self.repaint()

    def on_input_submitted(self) -> None:
        self.focus_next()

    def key_down(self) -> None:
        if not isinstance(self.focused, TextArea):
            self.focus_next()

    def key_up(self) -> None:
        if not isinstance(self.focused, TextArea):
            self.focus_previous()

    def _all_names(self) -> str:
        children = (self.names.get(c, {}) for c in self.roots)
        return _("、").join(visits.name_and_age(c, self.today)[0] for c in children)

    def title_path(self) -> str:
        names = self._all_names()
        return _("孩子 › {names} › 记走访").format(names=names)

    def quiet(self) -> str:
        """Whom to call, since the hands are on the keys."""
        is_closed = self.program.lease.is_ended
        phones = [] if is_closed else visits.phones(self.replica, self.roots[0], self.today)
        if phones:  # no number loses its last digits
            return fit_whole(phones, self.size.width - 2 * LEFT, "   ")
        return _("Tab 下一格   Esc 先放着，不会丢")

    def data_changed(self) -> None:
        """Nothing repaints while someone writes."""

    # -- values

    def _values(self) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """(common, per child) as they would be stored; raises InvalidValue with the editor
        focused."""
        common: dict[str, Any] = {}
        each: dict[str, dict[str, Any]] = {child: {} for child in self.roots}
        for name, editor in self.common.items():
            common[name] = self._take(editor)
        common[self.long.name] = self.long.type.parse(self.words.text)
        for (child, name), editor in self.each.items():
            if child in each:
                each[child][name] = self._take(editor)
        return common, each

    @staticmethod
    def _take(editor: FieldEditor) -> Any:
        try:
            return editor.value_now()
        except InvalidValue:
            editor.focus()
            raise

    def do_save(self) -> None:
        try:
            common, each = self._values()
        except InvalidValue as error:
            self.program.say(error.problem.text(_), "red")
            return
        try:
            visits.save(self.replica, self.roots, common, each)
        except Refused as error:
            self.program.say(errors.sentence(error.code, detail=error.detail), "red")
        except InvalidRecord as error:
            field, problem = error.problems[0]
            named = KIND.by_name.get(field)
            self.program.say(f"{_(named.label) if named else field}：{problem.text(_)}", "red")
        else:
            drafts.drop(self.replica, self.draft_place)
            self.program.leave_place()
            self.program.saved()
            self.program.say(_("记好了 {n} 条，还没到服务器上。").format(n=len(self.roots)))

    def do_as_last(self) -> None:
        """Fill the empty fields of the child in focus as they were last time."""
        if self.program.is_closed():
            return
        for child in self.roots:
            last = self.replica.select(KIND.name, {KIND.parent: child}, limit=1)
            for (of, name), editor in self.each.items():
                if of == child and last and not editor.value and last[0].get(name) is not None:
                    fresh = FieldEditor(editor.field, last[0][name], self.replica, self.today)
                    editor.chosen = fresh.chosen
                    editor.value = fresh.value

    async def do_add_child_async(self) -> None:
        candidates = [c for c in housemates(self.replica, self.roots[0]) if c not in self.roots]
        if not candidates or len(self.roots) >= MOST_CHILDREN:
            self.program.say(_("没有找到同一户的别的孩子。"))
            return
        held = {
            child: {n: e.chosen or e.value for (c, n), e in self.each.items() if c == child}
            for child in self.roots
        }
        kept = {key: (list(e.chosen), e.value) for key, e in self.each.items()}
        self.roots.append(candidates[0])
        self.names |= {r["id"]: r for r in self.replica.rows(visits.CHILD.name, candidates[:1])}
        box = self.query_one("#each")
        await box.remove_children()
        self.each = {}
        await box.mount(*self._columns({c: {} for c in held}))
        for key, (chosen, value) in kept.items():
            self.each[key].chosen = chosen
            self.each[key].value = value
        self.repaint()

    def do_add_child(self) -> None:
        if self.program.is_closed():
            return
        self.run_worker(self.do_add_child_async(), exclusive=True)

    def do_undo(self) -> None:
        if isinstance(self.focused, TextArea):
            self.focused.undo()
        elif isinstance(self.focused, FieldEditor):
            self.focused.chosen = []
            self.focused.value = ""

    def keep_draft(self) -> None:
        try:
            common, each = self._values()
        except InvalidValue:
            common, each = self._readable()
        is_written = bool(common.get(self.long.name)) or any(
            v is not None for values in each.values() for v in values.values()
        )
        if is_written:
            drafts.keep(self.replica, self.draft_place, {"common": common, "each": each})

    def _readable(self) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """Like `_values`, leaving out what makes no sense yet."""
        common: dict[str, Any] = {self.long.name: self.words.text or None}
        each: dict[str, dict[str, Any]] = {child: {} for child in self.roots}
        for name, editor in self.common.items():
            if not editor.trouble()[0]:
                common[name] = editor.value_now()
        for (child, name), editor in self.each.items():
            if child in each and not editor.trouble()[0]:
                each[child][name] = editor.value_now()
        return common, each

    def do_back(self) -> None:
        self.keep_draft()
        self.program.leave_place()
