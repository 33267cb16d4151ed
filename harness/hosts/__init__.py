"""What runs a subject in a process of its own and speaks the line protocol for it."""
