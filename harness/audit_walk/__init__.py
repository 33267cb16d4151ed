"""Kills the writer of an audit at every step of its disk, and holds what is left against what landed at the venue.

An audit is a file, and no command of Redis: what the explorer holds at its gates does not show a line that is half
written, nor one that was never synced. Here a writer is a process that is killed for real, at each of its steps.
"""
