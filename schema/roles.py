"""Who may do what: roles, and what each may read, write, delete and decide.

A grant is (role, unit): the role holds in that unit and everything under it. (role, child) serves
counsellors and referrals.
"""

from __future__ import annotations

from typing import Literal, get_args

Role = Literal[
    "teacher", "class-teacher", "director", "supervisor", "admin", "counsellor", "inspector"
]

ROLES: tuple[Role, ...] = get_args(Role)

LABELS: dict[Role, str] = {
    "teacher": "教师",
    "class-teacher": "班主任",
    "director": "儿童主任",
    "supervisor": "儿童督导员",
    "admin": "县管理员",
    "counsellor": "心理咨询师",
    "inspector": "督导",
}
"""Chinese labels, also the gettext message ids."""

EVERYBODY: frozenset[Role] = frozenset(ROLES)
CASEWORKERS: frozenset[Role] = EVERYBODY - {"inspector"}
"""Everyone who may see a child; an inspector reads figures only."""
FIELD_STAFF: frozenset[Role] = CASEWORKERS - {"counsellor"}
SAFEGUARDERS: frozenset[Role] = frozenset({"director", "supervisor", "admin", "counsellor"})
"""Who answers for a child in danger and reads the case."""
COUNSEL: frozenset[Role] = frozenset({"counsellor", "supervisor"})
"""Who reads psychological records; not the admin either."""
ADMINS: frozenset[Role] = frozenset({"admin"})
NOBODY: frozenset[Role] = frozenset()

REVIEWERS: frozenset[Role] = frozenset({"admin", "supervisor"})
"""Who settles what was told two ways: admins in the county, supervisors in their township."""
IMPORTERS: frozenset[Role] = FIELD_STAFF
