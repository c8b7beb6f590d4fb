"""The declarations themselves: a wrong one would be wrong in every table, form, list and merge at once."""
