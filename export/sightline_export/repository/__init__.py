"""Reading and writing a Triton model repository."""
