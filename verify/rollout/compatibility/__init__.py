"""Whether what worked with the tree before still works with it: golden outputs, its API, its configuration.

The baseline records them; here they are made again, and each difference that breaks somebody is said in words. A
difference of which this cannot be told is UNKNOWN, never passed.
"""
