"""Duties by the command line: what is due, put off, changed by the admin and carried to the worker."""

from __future__ import annotations

from pathlib import Path

import pytest
from county import County, Laptop

VILLAGE = "510811101001"


@pytest.fixture
def county(tmp_path: Path):
    county = County(tmp_path)
    county.user("何秀英", "director", VILLAGE)
    county.start()
    yield county
    county.stop()


def test_a_worker_sees_what_is_due_puts_it_off_and_the_admin_changes_the_rule(
    county: County, tmp_path: Path
) -> None:
    worker = Laptop(tmp_path / "he", "何秀英", county).login()
    admin = Laptop(tmp_path / "boss", "陈德福", county).login()
    child = worker.add("child", "name=罗静", f"village={VILLAGE}", "risk_level=high",
                       "opened_on=2026-09-01")  # fmt: skip
    worker.add("contact", f"child={child}", "on=2026-11-05", "kind=home_visit", "done_by=何秀英")

    def due(laptop: Laptop, *words: str) -> dict[str, dict[str, str]]:
        return {d["rule"]: d for d in laptop("due", "--on", "2026-11-18", "--json", *words).json}

    found = due(worker)["d2"]
    assert set(found) == {"duty", "rule", "subject", "name", "due", "state", "why"}
    assert (found["subject"], found["due"], found["state"]) == (child, "2026-11-12", "overdue")
    assert worker("defer", "d2:nobody", "--reason", "没人", expect=2).code == 2
    worker("defer", found["duty"], "--reason", "去了，没人", "--on", "2026-11-18",
           "--until", "2026-11-20")  # fmt: skip
    assert (due(worker)["d2"]["due"], due(worker)["d2"]["state"]) == ("2026-11-20", "soon")
    worker.sync()
    assert worker("rules", "set", "d2", "per=month", expect=4).code == 4
    admin("rules", "set", "d2", "per=month")
    admin.sync()
    worker.sync()
    worker.add("contact", f"child={child}", "on=2026-11-18", "kind=home_visit")
    assert (due(worker)["d2"]["due"], due(worker)["d2"]["state"]) == ("2026-12-18", "done")
    shown = {r["code"]: r for r in worker("rules", "list", "--json").json}
    assert shown["d2"]["per"] == "month" and shown["c03"]["is_on"] is False
    assert due(admin) == {}
    worker.sync()
    admin.sync()
    assert due(admin, "--user", "何秀英")["d2"]["due"] == "2026-12-18"
