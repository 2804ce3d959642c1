"""`sightline trace`: where the time of one request goes, from the bytes of a file to the arrays of the answer."""
