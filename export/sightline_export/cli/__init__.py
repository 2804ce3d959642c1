"""The commands that this distribution adds to `sightline`, one file each."""
