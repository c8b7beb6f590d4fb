"""The county's settings at the server: records of its own hand, which the feed takes to every
laptop."""

from __future__ import annotations

from schema.problems import InvalidValue, Problem
from schema.settings import SETTINGS, Setting
from server.workers import Desk
from sync.settings import KIND, record_id


def settings_of(desk: Desk) -> list[tuple[Setting, int]]:
    """Every setting with what holds now, in the order of their declaration."""
    with desk.store.read():
        told = desk.store.states([record_id(s) for s in SETTINGS.values()])
    found = []
    for setting in SETTINGS.values():
        state = told.get(record_id(setting))
        found.append((setting, state.values["value"] if state else setting.default))
    return found


def put_setting(desk: Desk, name: str, text: str) -> int:
    """Set one for the whole county; what it was stays in the log.

    Raises:
        InvalidValue: no such setting, or not a number it may be.
    """
    setting = SETTINGS.get(name)
    if setting is None:
        args = (("name", name), ("names", "、".join(SETTINGS)))
        message = "没有「{name}」这项设定；有：{names}。"
        raise InvalidValue(Problem("unknown_setting", message, args=args))
    value = setting.parse(text)
    with desk.store.write():
        if {s.name: v for s, v in settings_of(desk)}[name] != value:
            desk.hub.write(KIND, record_id(setting), {"name": name, "value": value})
    return value
