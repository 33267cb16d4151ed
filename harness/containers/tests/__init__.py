"""Tests of containers: on a real engine where images are named, and of what is said where there is none."""
