"""The terminal program and the client's command line. Only this room imports textual."""
