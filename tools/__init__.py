"""What developers run and no user has: the makers of committed files."""
