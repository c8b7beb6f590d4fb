"""Every record kind, one file each. To add a register is to add a file and its line in `KINDS`."""

from __future__ import annotations

from schema.kinds.absence import ABSENCE
from schema.kinds.agreement import AGREEMENT
from schema.kinds.another_file import ANOTHER_FILE
from schema.kinds.assessment import ASSESSMENT
from schema.kinds.calendar import CALENDAR
from schema.kinds.case import CASE
from schema.kinds.case_step import CASE_STEP
from schema.kinds.child import CHILD
from schema.kinds.contact import CONTACT
from schema.kinds.counsel_question import COUNSEL_QUESTION
from schema.kinds.deferral import DEFERRAL
from schema.kinds.device import DEVICE
from schema.kinds.diary import DIARY
from schema.kinds.duplicate import DUPLICATE
from schema.kinds.family import FAMILY
from schema.kinds.help_plan import HELP_PLAN
from schema.kinds.helper import HELPER
from schema.kinds.incident import INCIDENT
from schema.kinds.need import NEED
from schema.kinds.pairing import PAIRING
from schema.kinds.paper import PAPER
from schema.kinds.parting import PARTING
from schema.kinds.placed import PLACED
from schema.kinds.psych_record import PSYCH_RECORD
from schema.kinds.question import QUESTION
from schema.kinds.rule import RULE
from schema.kinds.setting import SETTING
from schema.kinds.told import TOLD
from schema.kinds.unit import UNIT
from schema.kinds.unit_log import UNIT_LOG
from schema.kinds.user import USER
from schema.kinds.withheld import WITHHELD
from schema.record import Kind

_IN_ORDER = (
    UNIT,
    USER,
    SETTING,
    DEVICE,
    RULE,
    CALENDAR,
    CHILD,
    HELPER,
    FAMILY,
    CONTACT,
    TOLD,
    QUESTION,
    COUNSEL_QUESTION,
    AGREEMENT,
    PAPER,
    NEED,
    HELP_PLAN,
    PAIRING,
    ASSESSMENT,
    INCIDENT,
    ABSENCE,
    DIARY,
    PSYCH_RECORD,
    CASE,
    CASE_STEP,
    DEFERRAL,
    DUPLICATE,
    ANOTHER_FILE,
    PARTING,
    PLACED,
    WITHHELD,
    UNIT_LOG,
)
KINDS: dict[str, Kind] = {k.name: k for k in _IN_ORDER}
"""All kinds by name, public ones first, a root before what hangs on it."""
