"""Redis servers of the harness: embedded ones that a test may kill, and external ones that it may only use.

Modules: ``server`` (one embedded server), ``replication`` (primary and replica), ``external`` (somebody else's
server), ``choice`` (what ``--redis`` means), ``server_clock`` (a server's clock in our hands). Nothing here may ever
flush, reconfigure or stop a server that it did not start.
"""
