"""Acts on the world: servers, venue, faults, workers, recorder, explorer. The only clock and the only randomness."""
