"""Storms: Locust users guard effects by the thousand while things go wrong, and all that happened is judged.

Locust drives and counts; it never decides. Its processes alone are patched by gevent: nothing here but the locustfile
and what it calls runs inside them.
"""
