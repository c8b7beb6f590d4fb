"""What can be wrong with a value: one small class, so that every room words a problem the same
way."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one value."""

    code: str
    """Stable word for scripts, such as `id_check_digit`."""
    message: str
    """Chinese sentence, also the gettext message id. `{}` fields are filled from `args`."""
    is_doubt: bool = False
    """True: the value may be kept with a warning. False: the value cannot be stored."""
    args: tuple[tuple[str, str], ...] = ()

    def text(self, translate: object = None) -> str:
        """The sentence, translated by `translate` (a gettext function) and filled in."""
        message = translate(self.message) if callable(translate) else self.message
        return str(message).format(**dict(self.args))


class InvalidValue(ValueError):
    """A value that cannot be stored. Carries its `Problem`."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.text())
        self.problem = problem
