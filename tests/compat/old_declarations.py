"""Says what a release declares, run by the release's own program."""

from __future__ import annotations

import json

from schema.kinds import KINDS

told = {
    name: {
        "scope": kind.scope,
        "parent": kind.parent,
        "units": sorted(kind.unit_fields),
        "groups": {s: [f.name for f in m] for s, m in kind.slots.items() if kind.is_group(s)},
        "fields": {
            f.name: {
                "type": type(f.type).__name__,
                "slot": f.slot,
                "fixed": f.is_fixed,
                "required": f.is_required,
                "codes": [c.code for c in codes] if (codes := getattr(f.type, "codes", None)) else [],
            }
            for f in kind.fields
        },
    }
    for name, kind in KINDS.items()
}
print(json.dumps(told))
