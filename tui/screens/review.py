"""What was told two ways, side by side: one key decides and the next one slides up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from textual.widget import Widget

from casework import partings, questions, told, wording
from casework.questions import Question
from casework.told import Telling
from casework.withheld import withheld_words
from schema.kinds import KINDS
from schema.record import DELETED, Field
from sync import decisions, errors
from sync.change import Conflict
from sync.language import _
from sync.replica import InvalidRecord, Refused
from tui.asking import WhomField
from tui.canvas import fit
from tui.editors import FieldEditor
from tui.fields import Typed
from tui.moving import Moving
from tui.place import LEFT, Place
from tui.screens.review_table import ASK_AT, ASKED, Table


class ReviewPlace(Moving, Place):
    """The queue of open conflicts; the one at hand is laid open above, the next ones stand
    below."""

    place = "review"
    hints = ("take_standing", "take_other", "settle_marked", "undo_decision", "back")

    def __init__(self, root: str = "") -> None:
        super().__init__()
        self.root = root
        """The record one came from: what concerns it comes first."""
        self.queue: list[Conflict] = []
        self.at = 0
        self.other = 1
        """Which head stands in the third column."""
        self.trouble = ""
        """Why the last answer could not be taken."""
        self.reason = ""
        """A sentence for the decision to come."""
        self.asked: tuple[str, Typed, Callable[[], None]] | None = None
        """What is being typed: its label, the field, and what takes it."""
        self.asked_keys = ("", "")
        self.tellings: tuple[Telling, ...] = ()
        self.answers: list[Question] = []
        """What somebody asked about the one at hand has said."""
        self._titles: dict[str, str] = {}
        self.besides = ""
        """What waits besides the conflicts that the person reads."""
        self.may = False
        """True when the person may decide the one at hand."""
        self.words = ""
        """Only what speaks of these is in the queue."""
        self.marked: set[str] = set()
        """Harmless ones to be settled together."""
        self.decided: list[str] = []
        """Versions of the decisions made here, the last one last."""

    def body(self) -> Iterator[Widget]:
        yield Table()

    def on_mount(self) -> None:
        self.data_changed()

    def data_changed(self) -> None:
        here = self.conflict.id if self.conflict else ""
        self.queue = self.read_queue()
        self.besides = self.read_besides()
        self.marked &= {c.id for c in self.queue}
        if self.root:
            self.queue.sort(key=lambda c: not self._is_about(c, self.root))
        self._titles = {}
        ids = [c.id for c in self.queue]
        self.at = ids.index(here) if here in ids else min(self.at, max(len(ids) - 1, 0))
        self._look()

    def read_queue(self) -> list[Conflict]:
        return told.queue(self.replica, self.words)

    def read_besides(self) -> str:
        """What is said of what stands beside the queue: withheld, or to be placed."""
        waiting = len(partings.unplaced(self.replica))
        words = [withheld_words(self.replica, self.today)]
        if waiting:
            words.append(_("F6 拆回以后要分的 {n} 条").format(n=waiting))
        return "   ".join(filter(None, words))

    def do_partings(self) -> None:
        from tui.screens.partings import PartingsPlace

        self.program.go(PartingsPlace())

    def why_not_decide(self, conflict: Conflict) -> str:
        """Code of why the person may not; empty when they may."""
        return told.why_not(self.replica, conflict)

    def may_be_asked(self) -> bool:
        """True when the one at hand can be put to somebody who knows."""
        return self.conflict is not None and self.conflict.slot != DELETED and self.may

    def _is_about(self, conflict: Conflict, root: str) -> bool:
        view = self.replica.get(conflict.record, conflict.kind)
        return view is not None and view.root == root

    def _look(self) -> None:
        """Read what stands in the columns."""
        conflict = self.conflict
        self.tellings = ()
        self.may = conflict is not None and not self.why_not_decide(conflict)
        if conflict is not None:
            self.other = min(max(self.other, 1), len(conflict.heads) - 1)
            self.tellings = (
                told.base(self.replica, conflict, self.today),
                told.head(self.replica, conflict, 0, self.today),
                told.head(self.replica, conflict, self.other, self.today),
            )
            self.answers = questions.answers_to(self.replica, conflict)
        self.repaint()

    @property
    def conflict(self) -> Conflict | None:
        """The one at hand."""
        return self.queue[self.at] if self.at < len(self.queue) else None

    @property
    def is_answered(self) -> bool:
        """True when all who answered said one thing."""
        return bool(self.answers) and all(q.answer == self.answers[0].answer for q in self.answers)

    def title_path(self) -> str:
        return _("核对")

    def title_right(self) -> list[tuple[str, str]]:
        counts = [0, 0, 0]
        for conflict in self.queue:
            counts[told.rank(conflict)] += told.may_decide(self.replica, conflict)
        words = (_("{n} 紧急"), _("{n} 电话住址"), _("{n} 其他"))
        right = [(w.format(n=n), "dim") for n, w in zip(counts, words, strict=True) if n]
        if counts[told.CRITICAL]:
            right[0] = (f"{self.program.look.mark('danger')} {right[0][0]}", "red bold")
        return right

    def quiet(self) -> str:
        if self.words:
            return _("只看「{words}」的；F7 换，清空就全看").format(words=self.words)
        if self.marked:
            return _("标了 {n} 处小事，F9 一起按现在的定").format(n=len(self.marked))
        return _("F7 只看某村、某项、某人的   Space 标小事   ^Z 撤销刚才定的") if self.queue else ""

    # -- words

    def title_of(self, conflict: Conflict) -> str:
        """The child a conflict is about."""
        if conflict.id not in self._titles:
            view = self.replica.get(conflict.record, conflict.kind)
            root = view.root if view else conflict.record
            kind = next((k for k in KINDS.values() if k.scope == "root"), KINDS[conflict.kind])
            self._titles[conflict.id] = wording.record_text(kind, root, self.replica, self.today)
        return self._titles[conflict.id]

    def subject_of(self, conflict: Conflict) -> str:
        """What is in question: a slot of the child, or of someone around it."""
        return told.subject(
            self.replica, conflict.kind, conflict.record, conflict.slot, self.today
        )

    def person(self, login: str) -> str:
        return told.person(self.replica, login)

    def when_empty(self) -> str:
        if self.words:
            return _("没有说到「{words}」的。F7 换，清空就全看。").format(words=self.words)
        return _("没有两种说法，都一致。")

    def sentences(self, conflict: Conflict) -> list[str]:
        """What is to be said of the one at hand: an answer, a note, else what kind it is."""
        if self.answers:
            return questions.answers_said(self.answers, self.replica, self.today)
        notes = self.replica.notes_on(conflict)
        if notes:
            note = notes[-1]
            return [_("{who}：{note}").format(who=self.person(note.author), note=note.note)]
        asked = [self.person(q.whom) for q in questions.unanswered(self.replica, conflict)]
        return [_("问了{who}，还没答。").format(who=_("、").join(asked))] if asked else []

    # -- typing

    def ask(
        self, label: str, field: Typed, take: Callable[[], None], keys: tuple[str, str] = ("", "")
    ) -> None:
        """Open a field above the columns; Enter calls `take`, Esc only closes it. `keys`: what the
        two are called where nothing is decided by them."""
        self._stop_asking()
        self.asked = (label, field, take)
        self.asked_keys = keys
        field.styles.layer = "above"
        field.styles.position = "absolute"
        field.styles.offset = (ASK_AT, ASKED + 1)
        field.styles.width = self.size.width - ASK_AT - LEFT
        self.mount(field)
        field.cursor_position = len(field.value)
        field.focus()
        self.repaint()

    def _stop_asking(self) -> None:
        if self.asked is not None:
            self.asked[1].remove()
            self.asked = None
            self.set_focus(None)
        self.repaint()

    def on_input_submitted(self) -> None:
        if self.asked is not None:
            self.trouble = ""
            self.asked[2]()
            self.repaint()

    def on_input_changed(self) -> None:
        self.repaint()

    # -- deciding

    def do_take_base(self) -> None:
        if self.conflict:
            self._decide("base", self.conflict.base_value)

    def do_take_standing(self) -> None:
        if self.conflict:
            self._decide("winner", self.conflict.heads[0].value)

    def do_take_other(self) -> None:
        if self.conflict:
            self._decide("loser", self.conflict.heads[self.other].value)

    def do_take_both(self) -> None:
        value = told.both(self.conflict, self.other) if self.conflict else None
        if value is None:
            self.program.say(_("这一项只能留一个。"), "amber")
        else:
            self._decide("value", value)

    def do_take_own(self) -> None:
        """Type another value; the members of a group are asked for one after another."""
        conflict = self.conflict
        if conflict is None or conflict.slot == DELETED or not self._is_mine():
            return
        kind = KINDS[conflict.kind]
        if conflict.slot == kind.pointer:
            self.program.say(_("只有合或不合，按列头的数字定。"), "amber")
            return
        fields = list(kind.slots[conflict.slot])
        standing = kind.spread(conflict.slot, conflict.heads[0].value)
        self._ask_value(conflict, fields, standing, {})

    def _ask_value(
        self, conflict: Conflict, left: list[Field], standing: dict[str, Any], given: dict[str, Any]
    ) -> None:
        field = left[0]
        editor = FieldEditor(field, standing.get(field.name), self.replica, self.today)
        doubted: list[str] = []

        def take() -> None:
            trouble, is_doubt = editor.trouble()
            if trouble and not is_doubt:
                self.trouble = trouble
            elif trouble and editor.value not in doubted:
                doubted.append(editor.value)
                self.trouble = _("{problem} 再按一次 Enter 就这样定。").format(problem=trouble)
            else:
                given[field.name] = editor.value_now()
                if left[1:]:
                    self._ask_value(conflict, left[1:], standing, given)
                else:
                    self._decide("value", KINDS[conflict.kind].slot_value(conflict.slot, given))

        self.ask(_(field.label), editor, take)

    def do_ask_village(self) -> None:
        """Put it to somebody who knows; once all who were asked have said one thing, take that."""
        conflict = self.conflict
        if conflict is None or not self.may_be_asked() or not self._is_mine():
            return
        if self.is_answered:
            self._decide("value", self.answers[-1].answer)
            return
        whom = WhomField(questions.who_may_be_asked(self.replica, conflict))

        def take() -> None:
            found = whom.found()
            if not found:
                self.trouble = _("看得到这个孩子的人里没有这样的，换个写法。")
                return
            login, name = found[0]
            try:
                questions.ask(self.replica, conflict.id, login)
            except Refused as refusal:
                self.trouble = errors.sentence(refusal.code, detail=refusal.detail)
                return
            self.do_later()
            self.program.saved()
            self.program.say(_("问了{who}，下次收发时送到；答了这一处就有着落。").format(who=name))

        self.ask(_("问谁"), whom, take, (_("问他"), _("不问")))

    def _is_mine(self) -> bool:
        """Says so when the person may not decide."""
        if self.may:
            return True
        if self.conflict is not None:
            code = self.why_not_decide(self.conflict)
            self.program.say(errors.sentence(code), "amber")
        return False

    def _decide(self, take: str, value: Any) -> None:
        conflict = self.conflict
        if conflict is None or not self._is_mine():
            return
        if told.is_calmer(conflict, value) and not self.reason:
            why = Typed(placeholder=_("写一句，Enter 就定；Esc 什么都不定"))

            def because() -> None:
                if not why.value.strip():
                    self.trouble = _("写一句为什么，才能改成不那么让人担心的。")
                    return
                self.reason = why.value.strip()
                self._decide(take, value)

            self.ask(_("为什么"), why, because)
            return
        try:
            self.replica.resolve(conflict.id, take, value, self.reason, self.other)
        except Refused as refusal:
            self._stop_asking()
            self.program.say(errors.sentence(refusal.code, detail=refusal.detail), "amber")
            return
        except InvalidRecord as invalid:
            self.trouble = " ".join(p.text(_) for _f, p in invalid.problems)
            self.repaint()
            return
        self._note_decision(conflict)
        words = wording.slot_text(
            KINDS[conflict.kind], conflict.slot, value, self.replica, self.today
        )
        done = _("定了：{who} {what}，{value}。").format(
            who=self.title_of(conflict), what=self.subject_of(conflict), value=words or _("空着")
        )
        self._forget()
        self.program.saved()
        self.program.say(fit(done, self.size.width - 2 * LEFT))

    def _forget(self) -> None:
        """Leave nothing of this conflict for the next."""
        self.trouble = self.reason = ""
        self.other = 1
        self._stop_asking()

    def do_ask_why(self) -> None:
        """Write a sentence that goes with the decision to come."""
        if not self._is_mine():
            return

        why = Typed(self.reason)

        def take() -> None:
            self.reason = why.value.strip()
            self._stop_asking()

        self.ask(_("为什么"), why, take)

    # -- many at once, and taking back

    def _note_decision(self, conflict: Conflict) -> None:
        found = decisions.find(self.replica.connection, conflict.id)
        if found is not None:
            self.decided.append(found.version)

    def do_mark_small(self) -> None:
        """Mark a harmless one, and on to the next."""
        conflict = self.conflict
        if conflict is None or not self._is_mine():
            return
        if not told.is_harmless(conflict):
            self.program.say(_("这一处要单独看：紧急的、电话住址、姓名证件不一起定。"), "amber")
            return
        self.marked ^= {conflict.id}
        self._move(1)

    def do_settle_marked(self) -> None:
        """The marked ones as they stand now, in one go; with none marked, mark all that may be."""
        if not self.marked:
            harmless = (c for c in self.queue if told.is_harmless(c))
            self.marked = {c.id for c in harmless if told.may_decide(self.replica, c)}
            words = _("没有能一起定的小事。")
            if self.marked:
                words = _("{n} 处小事标上了，再按 F9 就按现在的定。").format(n=len(self.marked))
            self.program.say(words)
            self.repaint()
            return
        chosen = [c for c in self.queue if c.id in self.marked]
        with self.replica.together():
            for conflict in chosen:
                self.replica.resolve(conflict.id, "winner", note=self.reason)
                self._note_decision(conflict)
        self.marked.clear()
        self._forget()
        self.program.saved()
        self.program.say(_("{n} 处小事按现在的定了；^Z 一处一处撤销。").format(n=len(chosen)))

    def do_undo_decision(self) -> None:
        """Take the last decision made here back: it stands in the queue again."""
        if not self.decided:
            self.program.do_settled()
            return
        version = self.decided.pop()
        found = decisions.find(self.replica.connection, version)
        try:
            record = self.replica.undo(version, self.reason)
        except Refused as refusal:
            self.program.say(errors.sentence(refusal.code, detail=refusal.detail), "amber")
            return
        self.program.saved()
        ids = [c.id for c in self.queue]
        if found is not None and found.conflict in ids:
            self.at = ids.index(found.conflict)
            self._look()
        view = self.replica.get(record)
        kind = next((k for k in KINDS.values() if k.scope == "root"), None)
        who = wording.record_text(kind, view.root, self.replica, self.today) if view and kind else ""
        self.program.say(_("撤销了：{who}，又等人定。").format(who=who))

    def do_find(self) -> None:
        """Only what speaks of the typed words: a village, a field, a kind, a person."""
        words = Typed(self.words, placeholder=_("村、学校、哪一项、谁写的、孩子；空着就全看"))

        def take() -> None:
            self.words = words.value.strip()
            self._stop_asking()
            self.at = 0
            self.data_changed()

        self.ask(_("只看"), words, take, (_("就看这些"), _("照旧")))

    # -- moving

    def _move(self, step: int) -> None:
        if not self.queue:
            return
        self._forget()
        self.at = max(0, min(self.at + step, len(self.queue) - 1))
        self._look()

    def do_later(self) -> None:
        """On to the next one without deciding; after the last comes the first."""
        if self.queue:
            self._forget()
            self.at = (self.at + 1) % len(self.queue)
            self._look()

    @property
    def _page_rows(self) -> int:
        return 5

    def do_next_telling(self) -> None:
        self.other += 1
        self._look()

    def do_previous_telling(self) -> None:
        self.other -= 1
        self._look()

    def do_open(self) -> None:
        """The file of the child this is about."""
        view = self.replica.get(self.conflict.record, self.conflict.kind) if self.conflict else None
        kind = next((k for k in KINDS.values() if k.scope == "root"), None)
        if view is not None and kind is not None:
            from tui.screens.file import FilePlace

            self.program.go(FilePlace(kind.name, view.root))

    def do_back(self) -> None:
        """Close what is being typed, else leave; nothing is decided."""
        if self.asked is not None:
            self.trouble = ""
            self._stop_asking()
        else:
            super().do_back()
