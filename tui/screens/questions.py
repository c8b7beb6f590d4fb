"""Questions for you: what was told two ways, side by side; one key answers."""

from __future__ import annotations

from typing import Any

from casework import questions
from casework.questions import Question
from sync import errors
from sync.change import Conflict
from sync.language import _
from sync.replica import InvalidRecord, Refused
from tui.screens.review import ReviewPlace


class QuestionsPlace(ReviewPlace):
    """As review, for the one who knows: the keys answer, and a reviewer or the county decides."""

    place = "questions"
    hints = ("take_standing", "take_other", "take_own", "open", "back")

    def __init__(self) -> None:
        super().__init__()
        self.asked_of_me: dict[str, Question] = {}
        """Conflict to the question about it."""

    def read_queue(self) -> list[Conflict]:
        self.asked_of_me = {q.conflict.id: q for q in questions.for_me(self.replica)}
        return [q.conflict for q in self.asked_of_me.values()]

    def read_besides(self) -> str:
        return ""

    def why_not_decide(self, conflict: Conflict) -> str:
        return ""

    def may_be_asked(self) -> bool:
        return False

    def title_path(self) -> str:
        return _("问您的")

    def title_right(self) -> list[tuple[str, str]]:
        return self.program.status_words()

    def quiet(self) -> str:
        return _("您知道哪个对就按哪个键；不知道就 Esc，什么都不定")

    def when_empty(self) -> str:
        return _("没有问您的。")

    def sentences(self, conflict: Conflict) -> list[str]:
        question = self.asked_of_me.get(conflict.id)
        if question is None:
            return []
        words = question.words or _("哪个对？")
        return [_("{who}问您：{words}").format(who=self.person(question.asked_by), words=words)]

    def _decide(self, take: str, value: Any) -> None:
        question = self.asked_of_me.get(self.conflict.id) if self.conflict else None
        if question is None:
            return
        try:
            questions.answer(self.replica, question.id, value)
        except Refused as refusal:
            self._stop_asking()
            self.program.say(errors.sentence(refusal.code, detail=refusal.detail), "amber")
            return
        except InvalidRecord as invalid:
            self.trouble = " ".join(p.text(_) for _f, p in invalid.problems)
            self.repaint()
            return
        done = _("答了：{who} {what}。还没到服务器上。").format(
            who=self.title_of(question.conflict), what=self.subject_of(question.conflict)
        )
        self._forget()
        self.program.saved()
        self.program.say(done)

    def do_find(self) -> None:
        self.program.do_find()

    def do_ask_why(self) -> None:
        """An answer needs no sentence."""
