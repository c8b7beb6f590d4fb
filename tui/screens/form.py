"""The form of any record: one section a page, fields from the declaration, drafts kept on Esc."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.cells import cell_len
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from casework import likenesses, wording
from schema.kinds import KINDS
from schema.problems import InvalidValue
from schema.record import Field
from schema.types import Choices, LongText, Ref, UnitRef
from sync import errors
from sync.language import _
from sync.lease import lease_of
from sync.replica import InvalidRecord, Refused
from tui import drafts, offers
from tui.canvas import Canvas, Row
from tui.editors import FieldEditor
from tui.longtext import LongEditor
from tui.place import LEFT, Place

LABEL_WIDTH = 14
FIELD_WIDTH = 34
LONG_WIDTH = 58
LEAST_OFFERED, LEAST_FIELDS = 2, 6
"""Rows kept for answers, and for the fields."""
FRAME = 7
"""Rows of title, tabs, the rule above the answers, and foot."""
Editor = FieldEditor | LongEditor


class FieldLabel(Canvas):
    DEFAULT_CSS = f"FieldLabel {{ height: 1; width: {LEFT + LABEL_WIDTH}; }}"

    def __init__(self, field: Field) -> None:
        super().__init__()
        self.field = field

    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, FormPlace)
        editor = place.editors.get(self.field.name)
        if editor is not None and editor.has_focus:
            row.mark(1, "here")
        x = row.put(LEFT, _(self.field.label), "dim", LABEL_WIDTH - 2)
        if self.field.is_required:
            row.put(x + 1, "*", "accent")


class Beside(Canvas):
    """What the typed text is read as, or what is wrong with it."""

    DEFAULT_CSS = "Beside { height: 1; }"

    def __init__(self, field: Field) -> None:
        super().__init__()
        self.field = field

    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, FormPlace)
        editor = place.editors.get(self.field.name)
        if editor is None:
            return
        sentence, is_doubt = editor.trouble()
        width = row.width - 2 - LEFT
        if sentence and (is_doubt or not editor.has_focus):
            row.put(2, sentence, "amber" if is_doubt else "red", width)
        else:
            row.put(2, editor.reading(), "dim", width)


class SectionTabs(Canvas):
    DEFAULT_CSS = "SectionTabs { height: 3; }"

    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, FormPlace)
        if y != 1 or len(place.sections) == 1:
            return
        x = LEFT
        for n, (_name, label) in enumerate(place.sections):
            if n == place.at:
                row.put(x - 1, f" {_(label)} ", "ink bold on accent")
            else:
                row.put(x, _(label), "dim")
            x += cell_len(_(label)) + 3
        paging = _("PgDn PgUp 换页")
        if x + cell_len(paging) + LEFT <= row.width:
            row.put(0, paging, "faint", row.width - LEFT, "right")


class Offers(Canvas):
    """What the digits mean in the field in focus."""

    DEFAULT_CSS = "Offers { height: 1fr; }"

    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, FormPlace)
        if y == 0:
            row.rule(LEFT, row.width - LEFT)
        else:
            offers.paint(place.focused, y - 1, row)


class FormPlace(Place):
    """Edit a record (`id`), or make one (`id` None) with `preset` values."""

    place = "form"
    hints = ("save", "undo", "", "", "back")
    CSS = """
    FormPlace .line { height: 1; }
    FormPlace .long { height: 3; }
    FormPlace #page { height: auto; overflow: hidden auto; scrollbar-size: 0 0; }
    """

    def __init__(
        self, kind: str, id: str | None = None, preset: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__()
        self.kind = KINDS[kind]
        self.record_id = id
        self.preset = dict(preset or {})
        # What is written new of a child that was named shows nothing of its file.
        self.is_open_past_lease = id is None and self.kind.parent in self.preset
        self.at = 0
        self.typed: dict[str, Any] = {}
        """Field to value, of every page that was left."""
        self.editors: dict[str, Editor] = {}
        self.on_file: list[likenesses.Like] = []
        """Files that the child being entered may have already; looked for on leaving a field, so
        that nothing repaints while someone types."""
        self.sections = [
            (name, label)
            for name, label in (*self.kind.section_labels.items(), ("", "其他"))
            if any(f.section == name and not f.is_hidden for f in self.kind.fields)
        ]

    @property
    def draft_place(self) -> str:
        return f"{self.kind.name}:{self.record_id or 'new'}:{self.preset.get(self.kind.parent, '')}"

    def body(self) -> Iterator[Widget]:
        self.view = self.replica.get(self.record_id, self.kind.name) if self.record_id else None
        kept = drafts.find(self.replica, self.draft_place)
        if kept is not None:
            self.typed = dict(kept[0])
            when = wording.moment_text(kept[1], self.today)
            self.program.say(_("接着写 {when} 先放着的。").format(when=when))
        yield SectionTabs()
        yield Vertical(*self._lines(), id="page")
        yield Offers()

    def _fields(self) -> list[Field]:
        name = self.sections[self.at][0]
        return [f for f in self.kind.fields if f.section == name and not f.is_hidden]

    @property
    def root(self) -> str:
        """The child whose form this is; empty for a new one."""
        return self.view.root if self.view else str(self.preset.get(self.kind.parent) or "")

    def _value(self, field: Field) -> Any:
        if field.name in self.typed:
            return self.typed[field.name]
        held = self.view.values if self.view else self.preset
        return held.get(field.name)

    def _lines(self) -> list[Widget]:
        self.editors = {}
        lines: list[Widget] = []
        for field in self._fields():
            if field.is_fixed and self.record_id:
                continue
            value = self._value(field)
            if isinstance(field.type, LongText):
                long = LongEditor(field, value, width=LONG_WIDTH)
                self.editors[field.name] = long
                lines.append(Horizontal(FieldLabel(field), long, classes="long"))
                continue
            is_long = isinstance(field.type, Choices | Ref) and not isinstance(field.type, UnitRef)
            editor = FieldEditor(
                field, value, self.replica, self.today, self.root,
                width=LONG_WIDTH if is_long else FIELD_WIDTH,
            )  # fmt: skip
            self.editors[field.name] = editor
            lines.append(Horizontal(FieldLabel(field), editor, Beside(field), classes="line"))
        return lines

    def on_mount(self) -> None:
        self._make_room()
        self._focus_first()

    def on_resize(self) -> None:
        self._make_room()

    def _make_room(self) -> None:
        """The page leaves room for the longest answers of its fields, and stays as it is while one
        goes through them."""
        width, height = self.app.size
        most = max([LEAST_OFFERED, *(len(offers.lines(e, width)) for e in self.editors.values())])
        self.query_one("#page").styles.max_height = max(height - FRAME - most, LEAST_FIELDS)

    def _focus_first(self) -> None:
        first = next(iter(self.editors.values()), None)
        if first is not None:
            first.focus()
            if isinstance(first, FieldEditor):
                first.cursor_position = len(first.value)

    def on_input_changed(self) -> None:
        self.repaint()

    def on_descendant_focus(self) -> None:
        if self.kind.name == "child" and self.record_id is None:
            self._collect()
            values = {**self.preset, **self.typed}
            self.on_file = likenesses.like(self.replica, values)
        self.repaint()

    def title_path(self) -> str:
        if self.view is None:
            added = _("{what} › 添一条").format(what=_(self.kind.label))
            if not self.root or lease_of(self.replica).is_ended:
                return added
            whose = wording.record_text(KINDS["child"], self.root, self.replica, self.today)
            return f"{whose} › {added}"
        title = wording.title_text(self.kind, self.view.values, self.replica, self.today)
        return f"{_(self.kind.label)} › {title} › {_('改')}"

    def quiet(self) -> str:
        if self.on_file:
            one = self.on_file[0]
            said = _("像已有的「{name}」：{why}")
            return said.format(name=one.name, why=likenesses.words(one.likeness.reasons))
        if self.kind.name == "case":
            from casework import calls

            # Everybody's numbers alone: files may be closed to reading, a report never is.
            told = (calls.ALWAYS, calls.AMBULANCE, *calls.LINES)
            numbers = "  ".join(f"{_(call.who)} {call.number}" for call in told)
            return _("先打电话：{numbers}").format(numbers=numbers)
        return _("Tab 下一格   Esc 先放着，不会丢")

    def data_changed(self) -> None:
        """A synchronisation never repaints a form someone is typing in."""

    # -- pages

    def _collect(self) -> list[str]:
        """Take the values of this page; returns the fields that make no sense yet."""
        wrong = []
        for name, editor in self.editors.items():
            try:
                value = editor.value_now()
            except InvalidValue:
                wrong.append(name)
                continue
            held = (self.view.values if self.view else self.preset).get(name)
            if name in self.typed or value != held:
                self.typed[name] = value
        return wrong

    def _tell_whom_to_call(self, case: str) -> None:
        """Numbers to call and the next step come first; who may not read the case is told 110."""
        from casework import cases
        from tui.screens.case import CasePlace

        self.program.say(_("存好了，还没到服务器上。先打 110。"), "red")
        alarms = cases.alarms(self.replica, self.replica.clock.now_ms())
        if not lease_of(self.replica).is_ended and any(s.case["id"] == case for s in alarms):
            self.program.go(CasePlace(case))

    async def _turn(self, step: int) -> None:
        wrong = self._collect()
        if wrong:
            self.editors[wrong[0]].focus()
            return
        await self._open_page((self.at + step) % len(self.sections))

    async def _go_to(self, name: str) -> None:
        """The field that is not right yet, on whichever page it stands."""
        field = self.kind.by_name.get(name)
        if field is None or field.is_hidden:
            return
        page = [section for section, _label in self.sections].index(field.section)
        if page != self.at:
            await self._open_page(page)
        if name in self.editors:
            self.editors[name].focus()

    async def _open_page(self, at: int) -> None:
        self.at = at
        page = self.query_one("#page")
        await page.remove_children()
        await page.mount(*self._lines())
        self._make_room()
        self._focus_first()
        self.repaint()

    async def key_pagedown(self) -> None:
        await self._turn(1)

    async def key_pageup(self) -> None:
        await self._turn(-1)

    def key_down(self) -> None:
        if not isinstance(self.focused, LongEditor):
            self.focus_next()

    def key_up(self) -> None:
        if not isinstance(self.focused, LongEditor):
            self.focus_previous()

    def on_input_submitted(self) -> None:
        self.focus_next()

    def on_text_area_changed(self) -> None:
        self.repaint()

    # -- saving

    def do_save(self) -> None:
        wrong = self._collect()
        if wrong:
            self.editors[wrong[0]].focus()
            self.program.say(errors.sentence("invalid"), "red")
            return
        values = {**({} if self.record_id else self.preset), **self.typed}
        if not values and self.record_id:
            self.program.leave_place()
            return
        try:
            made = self.replica.save(self.kind.name, values, id=self.record_id, base=self.view)
        except Refused as error:
            self.program.say(errors.sentence(error.code, detail=error.detail), "red")
        except InvalidRecord as error:
            field, problem = error.problems[0]
            named = self.kind.by_name.get(field)
            label = _(named.label) if named else field
            self.program.say(_("{label}：{problem}").format(label=label, problem=problem.text(_)), "red")
            self.call_later(self._go_to, field)
        else:
            drafts.drop(self.replica, self.draft_place)
            self.program.leave_place()
            self.program.saved()
            self.program.say(_("存好了，还没到服务器上。"))
            if self.record_id is None and self.kind.scope == "root":
                from tui.screens.file import FilePlace

                self.program.go(FilePlace(self.kind.name, made))
            elif self.kind.name == "case":
                self._tell_whom_to_call(made)

    def do_undo(self) -> None:
        """The field in focus goes back to what stands in the record."""
        editor = self.focused
        if isinstance(editor, LongEditor):
            editor.undo()
        elif isinstance(editor, FieldEditor):
            self.typed.pop(editor.field.name, None)
            held = self.view.values if self.view else self.preset
            value = held.get(editor.field.name)
            fresh = FieldEditor(editor.field, value, self.replica, self.today, self.root)
            editor.chosen = fresh.chosen
            editor.value = fresh.value
            editor.cursor_position = len(editor.value)

    def keep_draft(self) -> None:
        self._collect()
        if self.typed:
            drafts.keep(self.replica, self.draft_place, self.typed)

    def do_back(self) -> None:
        self.keep_draft()
        self.program.leave_place()
        if self.typed:
            self.program.say(_("先放着了，再打开接着写。"))
