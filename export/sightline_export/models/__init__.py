"""Network architectures, one readable file each. They take and give normalised float tensors; what a served graph adds
around them (uint8 pixels in, softmax or uint8 pixels out) is in :mod:`sightline_export.tasks`."""
