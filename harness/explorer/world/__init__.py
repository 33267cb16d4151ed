"""One schedule: its processes, its steps, what strikes, and what is noted of it."""
