"""Tests of what talks with a program: on little programs that break one rule each, and on the examples."""
