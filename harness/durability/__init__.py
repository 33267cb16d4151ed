"""The durability lattice: what each configuration of a real Redis really keeps when something befalls it.

Every cell starts its servers, writes, crashes, recovers, and counts. It never concludes: that is verify.durability.
"""
