"""Renders a stored run. Reads the run folder and nothing else."""
