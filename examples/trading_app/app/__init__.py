"""What others meet of the application: its settings, its API, and a session on recorded prices."""
