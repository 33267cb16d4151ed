"""What generated claims showed, as values, and what follows from them. Pure, as everything that judges."""
