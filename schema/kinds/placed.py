"""Of something written while two files were one: to which of the two children it belongs, as a reviewer said.

Its id follows from what it is about, so that two reviewers make one and see where they differ.
"""

from __future__ import annotations

from schema import roles
from schema.codes import codes
from schema.record import Field, Kind
from schema.types import Choice, Ref

HERE, THERE, BOTH = "here", "there", "both"
GOES = codes("goes", (HERE, "留在原处"), (THERE, "归另一份"), (BOTH, "两份都有"))

PLACED = Kind(
    name="placed",
    label="分好的",
    scope="hangs",
    parent="child",
    read=roles.REVIEWERS,
    write=roles.REVIEWERS,
    delete=roles.REVIEWERS,
    title=("goes",),
    list_columns=("child", "goes"),
    can_add_by_hand=False,
    is_bookkeeping=True,
    fields=(
        Field("child", Ref("child"), "孩子", is_required=True, is_fixed=True, is_hidden=True),
        Field("goes", Choice(GOES), "归谁", is_required=True),
    ),
)
