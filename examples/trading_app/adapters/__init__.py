"""Where the application meets the guards. Nothing protected imports this; a flag in the configuration does."""
