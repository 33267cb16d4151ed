"""What is measured of a site before, while and after something goes wrong, one probe per file. Only reads."""
