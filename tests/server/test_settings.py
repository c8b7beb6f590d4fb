"""The county's settings: declared once, set by an admin, known to every laptop."""

from __future__ import annotations

from schema.settings import SETTINGS
from sync import settings
from tests.sync.town import Town


def test_settings_are_listed_with_their_defaults_and_bounds(county):
    listed = county.done("settings", "list", "--json").json
    assert [row["name"] for row in listed] == list(SETTINGS)
    lease = next(row for row in listed if row["name"] == "lease_days")
    assert (lease["value"], lease["default"], lease["least"]) == (30, 30, 1)


def test_a_setting_is_kept_and_its_old_value_stays_in_the_log(county):
    county.done("settings", "set", "lease_days", "14")
    county.done("settings", "set", "lease_days", "14")
    listed = {r["name"]: r["value"] for r in county.done("settings", "list", "--json").json}
    assert listed["lease_days"] == 14
    assert county.done("check", "--json").json["ok"]


def test_what_is_no_setting_or_out_of_bounds_changes_nothing(county):
    for words in (("no_such", "3"), ("lease_days", "0"), ("lease_days", "x"),
                  ("lease_days", "366")):  # fmt: skip
        assert county.cli("settings", "set", *words).code == 2
    assert county.done("settings", "list", "--json").json[0]["value"] == 30


def test_every_laptop_gets_a_setting_with_its_next_sync():
    town = Town("li", "tea")
    li, tea = town.replicas["li"], town.replicas["tea"]
    assert settings.value_of(li, "lease_days") == 30
    record = settings.record_id(SETTINGS["lease_days"])
    town.hub.write("setting", record, {"name": "lease_days", "value": 7})
    town.sync("li")
    assert settings.value_of(li, "lease_days") == 7
    assert settings.value_of(tea, "lease_days") == 30
    town.rest()
    assert settings.value_of(tea, "lease_days") == 7
