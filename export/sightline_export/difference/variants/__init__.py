"""The mistakes that are looked for, one file per stage; each is the training pipeline with one step exchanged."""
