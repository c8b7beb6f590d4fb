"""How replicas agree: clock, change, merge, conflict, replica, protocol.

The deciding core does no input or output: time, ids, randomness, storage and transport are passed
in, so that a whole county can be simulated in one process.
"""
