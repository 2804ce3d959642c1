"""Heat maps: which parts of a picture speak for a class. One module per method, the same result for all of them."""
