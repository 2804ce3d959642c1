"""The model `<name>_explain` beside every classifier: its entry, its figures, its contact sheet."""
