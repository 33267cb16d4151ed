"""What was asked for, row by row, and the tests that show it. Runs no test; reads what a run of them left behind."""
