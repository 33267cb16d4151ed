"""The paper pipeline: orders that are written down and not sent."""
