"""What the parts tell each other: values on a bus. It knows none of the parts."""
