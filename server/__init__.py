"""The county server: accounts, devices, grants, the log. Only this room imports starlette."""
