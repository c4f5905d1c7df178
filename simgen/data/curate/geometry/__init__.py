"""Where the shapes of a recorded episode are: which of them touch, and how deep they are in each other."""
