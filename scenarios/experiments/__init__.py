"""Experiments of the Chaos Toolkit, told as stories: our faults are their actions, our probes are their probes."""
