"""The county's settings as a laptop holds them: records like any other, so that every login, sync
and bundle brings them."""

from __future__ import annotations

from schema.settings import SETTINGS, Setting
from sync.reading import Reading

KIND = "setting"


def record_id(setting: Setting) -> str:
    """The id of a setting's record; no unit's code and no login begins like it."""
    return f"{KIND}:{setting.name}"


def value_of(replica: Reading, name: str) -> int:
    """What holds here: the county's word, else the default."""
    setting = SETTINGS[name]
    told = replica.rows(KIND, [record_id(setting)])
    return setting.default if not told or told[0]["value"] is None else int(told[0]["value"])
