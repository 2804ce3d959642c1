"""`sightline tune`: which arrangement of a model is fastest on this machine, found by measuring."""
