"""`python -m bench`: the first budgets of the design, as JSON. `python -m bench 2000` for a quick
look."""

from __future__ import annotations

import json
import sys

from bench import exchange, machine, terminal

if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    figures = {
        "machine": machine.describe(),
        "terminal": terminal.measure(count),
        "exchange": exchange.measure(count),
    }
    print(json.dumps(figures, ensure_ascii=False, indent=1))
