"""Training loops: generators that yield after every epoch, so that whoever drives them shows the progress."""
