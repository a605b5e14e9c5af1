"""Bad and odd inputs through every public door, and what comes of each."""
