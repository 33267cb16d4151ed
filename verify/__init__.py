"""Decides. Histories and trees go in, verdicts come out."""
