"""One module per task: the graph that is served, the ensemble around it, and its golden answers."""
