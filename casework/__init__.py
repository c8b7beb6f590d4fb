"""The rules of the work, computed over a replica: search, columns, rosters in, duplicates,
divisions."""
