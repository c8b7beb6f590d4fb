"""Every record kind, one file each. To add a register is to add a file and its line in `KINDS`."""

from __future__ import annotations

from schema.kinds.child import CHILD
from schema.kinds.contact import CONTACT
from schema.kinds.duplicate import DUPLICATE
from schema.kinds.family import FAMILY
from schema.kinds.setting import SETTING
from schema.kinds.told import TOLD
from schema.kinds.unit import UNIT
from schema.kinds.user import USER
from schema.record import Kind

KINDS: dict[str, Kind] = {k.name: k for k in (UNIT, USER, SETTING, CHILD, FAMILY, CONTACT, TOLD, DUPLICATE)}
"""All kinds by name, public ones first, a root before what hangs on it."""
