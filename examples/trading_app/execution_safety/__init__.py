"""What an order must pass before it is sent."""
