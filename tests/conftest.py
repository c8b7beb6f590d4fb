"""What every test runs under: the same examples each time in CI, fresh ones on a developer's
machine."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

SLOW_IS_FINE = [HealthCheck.too_slow]
"""A busy or small machine is no fault of the code."""
settings.register_profile("ci", derandomize=True, deadline=None, suppress_health_check=SLOW_IS_FINE)
settings.register_profile("developer", deadline=None, suppress_health_check=SLOW_IS_FINE)
settings.load_profile("ci" if os.environ.get("CI") else "developer")
