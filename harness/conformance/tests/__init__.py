"""Tests of generated trials: what is told is done, what breaks a promise is found and shrunk."""
