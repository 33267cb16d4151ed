"""Says whether a tree may be rolled out: what must not change is unchanged, what must be there is alive.

Tree and baseline in, verdict out. Nothing here changes the tree, starts a server, or imports code of the tree into
this process: what must run runs in a child (`inside`), and a guard is probed by a callable that the caller hands in.
"""
