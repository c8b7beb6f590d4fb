"""A question about a record that only counsellors and supervisors read: it and its answer are read by no more."""

from __future__ import annotations

from dataclasses import replace

from schema import roles
from schema.kinds.question import QUESTION

COUNSEL_QUESTION = replace(
    QUESTION,
    name="counsel_question",
    label="问您的（限看的）",
    read=roles.COUNSEL,
    write=roles.COUNSEL,
    delete=roles.NOBODY,
)
