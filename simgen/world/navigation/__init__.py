"""What a mobile robot needs to know of a place: where it is free, how far everything is, and the way to a goal."""
