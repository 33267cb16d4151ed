"""Runs a Python subject in a process of its own, in whatever interpreter.

Everything here needs the standard library of Python 3.8 and nothing else, and must never import the harness: the
interpreter may not have it.
"""
