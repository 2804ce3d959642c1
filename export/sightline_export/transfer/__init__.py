"""Transfer learning: a network that knows other pictures already is trained on a few of one's own."""
