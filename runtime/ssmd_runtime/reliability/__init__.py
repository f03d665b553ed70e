"""What keeps a capture honest: sequences and gaps, liveness clocks, retries, circuit breakers, dead letters."""
