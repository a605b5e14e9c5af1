"""A network's architecture to trained weights to predictions: arrays only."""
