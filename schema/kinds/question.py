"""A question to somebody who knows: which of the values told is right. It hangs on the child and goes with it.

It names the conflict and the one asked; the values stand in the record itself. The answer and what its author
saw go together: it closes the conflict for those values and no others.
"""

from __future__ import annotations

from schema import roles
from schema.record import Field, Kind
from schema.types import Id, LongText, Ref, Text

QUESTION = Kind(
    name="question",
    label="问您的",
    scope="hangs",
    parent="child",
    read=roles.CASEWORKERS,
    write=roles.CASEWORKERS,
    delete=roles.ADMINS,
    title=("words",),
    list_columns=("whom", "words"),
    can_add_by_hand=False,
    is_bookkeeping=True,
    fields=(
        Field("child", Ref("child"), "孩子", is_required=True, is_fixed=True, is_hidden=True),
        Field("whom", Text(64), "问谁", is_required=True, is_fixed=True),
        Field("conflict", Id(), "哪一处", is_required=True, is_fixed=True),
        Field("record_kind", Text(64), "哪种记录", is_required=True, is_fixed=True),
        Field("record", Id(), "哪一条", is_required=True, is_fixed=True),
        Field("slot", Text(64), "哪一项", is_required=True, is_fixed=True),
        Field("words", LongText(), "问什么", is_fixed=True),
        Field("answer", Text(20000), "回答", group="reply"),  # the value as JSON
        Field("saw", Text(4000), "看到的", group="reply"),  # versions of the values it closes
    ),
)
