"""`python -m server`: the same as the command `cuncao-server`."""

from server.cli import main

main()
