"""The real mechanisms that go wrong: one fault per file, on real servers, processes, files and proxies.

A fault without a witness never counts as injected, and none may touch more than its site names.
"""
