"""What a county may set for all its laptops: each setting once, with its default and its bounds."""

from __future__ import annotations

from dataclasses import dataclass

from schema.eligibility import ELIGIBILITY
from schema.problems import InvalidValue, Problem


@dataclass(frozen=True, slots=True)
class Setting:
    """A whole number that holds for every laptop of the county."""

    name: str
    label: str
    default: int
    """What holds until the county has said anything."""
    least: int
    most: int

    def parse(self, text: str) -> int:
        """The number written.

        Raises:
            InvalidValue: no number, or out of bounds.
        """
        bounds = (("least", str(self.least)), ("most", str(self.most)), ("text", text))
        try:
            value = int(text)
        except ValueError:
            value = self.least - 1
        if not self.least <= value <= self.most:
            message = "「{text}」不行：要写 {least} 到 {most} 之间的整数。"
            raise InvalidValue(Problem("out_of_range", message, args=bounds))
        return value


SETTINGS: dict[str, Setting] = {
    s.name: s
    for s in (
        Setting("lease_days", "没联系多少天后旧档案先锁上（只数用了电脑的天）", 30, 1, 365),
        Setting("eligibility", "留守儿童按第几条口径认定", 1, 1, len(ELIGIBILITY)),
        Setting("contact_months", "电脑上存最近几个月的走访联系（0 是全部）", 24, 0, 600),
        Setting("answers_close", "问到的回答直接算定了（1），还是交给核对的人看过再定（0）", 1, 0, 1),
    )
}
"""All of them by name. To add one is to add its line; it travels to the laptops by itself."""
