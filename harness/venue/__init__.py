"""The venue: the outside world, where effects land. It keeps its own book, and no guard writes to it otherwise.

The book alone says how often an effect happened; what a guard, a worker or Redis believes does not count. Two forms
behave alike (``conformance``): ``venue.Venue`` in this process, for explorations, and ``process.VenueProcess``, a
process of its own with a fsynced book and a unix socket, for real workers. Misbehaviour is planned by the harness,
request by request, and never left to chance.
"""
