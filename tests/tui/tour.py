"""A way through every place of the program, over files in which nothing is left empty."""

from __future__ import annotations

from typing import Any

from rich.cells import cell_len
from village import BANSHIGOU, FENGJIALING, Village

from schema.kinds import KINDS
from schema.record import Field, Kind
from schema.types import (
    Choice,
    Choices,
    Date,
    Integer,
    LongText,
    Moment,
    Name,
    Phone,
    Text,
    UnitRef,
    YesNo,
)
from sync.language import _
from sync.replica import InvalidRecord

LONG = "奶奶腿好多了，能自己做饭；作业没人看，晚上一个人睡，周末去姑姑家。"


def longest(kind: Choice) -> list[str]:
    """The code with the longest label in the language in use."""
    labels = {c.code: _(c.label) for c in kind.codes.live}
    return [max(labels, key=lambda code: cell_len(labels[code]))]


def value_of(field: Field) -> Any:
    """Something that stands in this field; None where only a person can say."""
    kind = field.type
    if isinstance(kind, Choices):
        return kind.sorted(longest(kind))
    if isinstance(kind, Choice):
        return longest(kind)[0]
    for types, value in (
        ((YesNo,), True), ((Date,), "2026-03-02"), ((Moment,), "2026-11-17 19:40"), ((Phone,), "13900002741"),
        ((UnitRef,), FENGJIALING), ((Name,), "阿依古丽·买买提"), ((LongText,), LONG), ((Integer,), 12),
    ):  # fmt: skip
        if isinstance(kind, types):
            return value
    return "板石沟村 5组 供销社后面" if type(kind) is Text else None


def fill(told: Village, user: str, kind: Kind, **given: Any) -> str | None:
    """A record with every field filled that may be; what its rules refuse is left out."""
    replica = told.replicas[user]
    values = {f.name: value_of(f) for f in kind.fields if not f.is_hidden} | given
    values = {name: value for name, value in values.items() if value is not None}
    for _try in range(30):
        try:
            return replica.save(kind.name, values)
        except InvalidRecord as error:
            name = error.problems[0][0]
            if name not in values:
                return None
            del values[name]
    return None


def fill_all(village: Village) -> dict[str, str]:
    """Every kind of record filled, about one child; kind to id."""
    village.tell_help()
    child = village.ids["罗静"]
    made = {"child": fill(village, "何秀英", KINDS["child"], name="阿依古丽·买买提", village=BANSHIGOU)}
    for kind in KINDS.values():
        if kind.scope == "hangs" and kind.can_add_by_hand and kind.name != "psych_record":
            made[kind.name] = fill(village, "何秀英", kind, **{kind.parent: child})
    made["helper"] = fill(village, "何秀英", KINDS["helper"])
    made["unit_log"] = fill(village, "何秀英", KINDS["unit_log"])
    return {name: id_ for name, id_ in made.items() if id_}


class Tour:
    """Goes about and has everything looked at that was painted on the way."""

    def __init__(self, app: Any, pilot: Any, watch: Any, village: Village, made: dict[str, str]) -> None:
        self.app, self.pilot, self.watch = app, pilot, watch
        self.village, self.made = village, made
        self.seen: set[str] = set()

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        self.look(" ".join(keys))

    def look(self, step: str = "") -> None:
        place = self.app.screen
        self.seen.add(type(place).__name__)
        self.watch.look(self.app, f"{type(place).__name__} {place.title_path()} {step}")

    async def go(self, place: Any, *keys: str) -> None:
        """Open a place, press the keys there one by one, leave."""
        depth = len(self.app.screen_stack)
        self.app.go(place)
        await self.pilot.pause()
        self.look()
        for key in keys:
            await self.press(key)
        while len(self.app.screen_stack) > depth:
            self.app.leave_place()
        await self.pilot.pause()

    async def about(self) -> None:
        """Help and commands of the place."""
        for keys in (("f1",), ("pagedown", "pagedown"), ("escape", "f10"), ("pagedown",) * 6, ("escape",)):
            await self.press(*keys)


async def director(tour: Tour) -> None:
    """Work with the children: every kind of record as a list, a file and a form."""
    from tui.screens.closed import ClosedPlace
    from tui.screens.file import FilePlace
    from tui.screens.filter import FilterPlace
    from tui.screens.form import FormPlace
    from tui.screens.papers import PapersPlace
    from tui.screens.proposals import ProposalsPlace
    from tui.screens.records import RecordsPlace
    from tui.screens.unlock import UnlockPlace

    await tour.about()
    for keys in (("f8",), ("f2",), ("escape", "escape"), ("f9",), ("escape", "ctrl+r"), ("f6",),
                 ("escape", "f9"), ("escape", "escape", "ctrl+b")):  # fmt: skip
        await tour.press(*keys)
    await tour.press("escape", "f7", "escape", "f2")
    for _field in range(4):
        await tour.press("tab")
    await tour.press("escape", "escape")
    children = RecordsPlace("child")
    await tour.go(children, "down", "f6", "escape", "o")
    await tour.go(FilterPlace(children), *["down"] * 6)
    await tour.go(ProposalsPlace())
    await tour.go(UnlockPlace("", tour.app.account), "f9")
    await tour.go(UnlockPlace("", None, is_somebody_new=True))
    await tour.go(ClosedPlace())
    await tour.go(FilePlace("child", tour.village.ids["罗静"]), *"123456789", "f1", "escape", "f10")
    await tour.go(PapersPlace(tour.village.ids["罗静"]), "f1", "escape", "f9")
    for kind, id_ in tour.made.items():
        await tour.go(RecordsPlace(kind))
        await tour.go(FilePlace(kind, id_), "2", "3")
        form = FormPlace(kind, id_)
        await tour.go(form, *["pagedown"] * (len(form.sections) - 1))


async def supervisor(tour: Tour) -> None:
    """What was told two ways."""
    await tour.press("f6")
    await tour.about()
    for key in ("6", "6", "f4", "escape", "f7", "escape", "5", "escape"):
        await tour.press(key)


async def admin(tour: Tour) -> None:
    """Files of one child, and a roster."""
    from tui import demo
    from tui.screens.duplicates import DuplicatesPlace
    from tui.screens.roster import RosterPlace

    await tour.go(DuplicatesPlace(), *["down"] * 12, "f9", "escape", "f1", "escape", "f10", "escape")
    await tour.go(RosterPlace(), "f1", "escape")
    await tour.go(RosterPlace(str(demo.DATA / "village-ledger.xlsx")), "down", "1", "f6", "f1", "escape", "f10")


async def teacher(tour: Tour) -> None:
    """What does not count any more."""
    for keys in (("ctrl+g",), ("down",), ("f9",), ("escape", "f1"), ("escape", "f10")):
        await tour.press(*keys)


TOURS = {
    "何秀英": (("danger", "question"), director),
    "刘国强": ((), supervisor),
    "陈德福": (("twice",), admin),
    "周晓燕": ((), teacher),
}
"""User to what was told besides, and where they go."""
