"""The places of the program, one file each; imported when they are gone to."""
