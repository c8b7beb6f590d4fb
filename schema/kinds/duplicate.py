"""Two files that may be of one child, found by the county's server as it accepts each file.

School and village may not see each other's file, so only the county can compare. A pair stands in the
smallest unit above both files: its reviewers read it.
"""

from __future__ import annotations

from schema import roles
from schema.codes import codes
from schema.record import Field, Kind
from schema.types import Choice, Integer, Ref, Text, UnitRef, YesNo

NOT_SAME, LATER = "not_same", "later"
VERDICT = codes("verdict", (NOT_SAME, "不是同一个"), (LATER, "以后再看"))

DUPLICATE = Kind(
    name="duplicate",
    label="像是同一个孩子",
    scope="root",
    unit_fields=("unit",),
    read=roles.REVIEWERS,
    write=roles.REVIEWERS,
    delete=roles.ADMINS,
    title=("why",),
    list_columns=("a", "b", "score", "why"),
    order_by=("-score",),
    can_add_by_hand=False,
    fields=(
        Field("a", Ref("child"), "一份", is_required=True, is_fixed=True),
        Field("b", Ref("child"), "另一份", is_required=True, is_fixed=True),
        Field("score", Integer(0, 100), "分数"),
        Field("is_certain", YesNo(), "肯定"),
        Field("why", Text(), "为什么"),
        Field("unit", UnitRef(), "单位", is_hidden=True),
        Field("verdict", Choice(VERDICT), "看过"),
    ),
)
