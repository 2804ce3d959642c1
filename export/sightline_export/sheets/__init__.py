"""Contact sheets for people: what a model makes of pictures that it was not trained on."""
