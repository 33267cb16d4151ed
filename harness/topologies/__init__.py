"""How Redis servers stand together: alone, with a replica, under Sentinels, as a cluster; on every provider of ours.

Modules: ``topology`` (what all have in common), one per topology, ``registry`` (all of them). All servers are ours.
"""
