"""Whom to call when a child is in danger: numbers that stand on the screen whatever is closed."""

from __future__ import annotations

from sync.language import N_

NUMBERS: tuple[tuple[str, str], ...] = (
    ("110", N_("报警：孩子有危险，先打这个")),
    ("120", N_("急救")),
    ("12345", N_("政务服务热线，也接未成年人保护")),
    ("12355", N_("青少年服务台：心理、法律")),
)
"""Number and what it is for."""
