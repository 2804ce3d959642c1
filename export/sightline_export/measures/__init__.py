"""Figures on held-out data, one module per kind of answer."""
