"""Budgets, measured: `python -m bench` prints figures as JSON. Never part of the tests."""
