"""Data sets as lists of encoded pictures with labels, so that training sees what a server sees."""
