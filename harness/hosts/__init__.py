"""Programs that run a subject in a process of their own, and the lines that the harness exchanges with them.

The lines are described in ``docs/line-protocol.md``. Nothing here may trust a program: every line is checked.
"""
