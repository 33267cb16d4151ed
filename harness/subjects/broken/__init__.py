"""Planted guards: each with exactly one bug, and a twin without it that must pass.

They exist to test the instrument. Nothing outside the instrument check may use them.
"""
