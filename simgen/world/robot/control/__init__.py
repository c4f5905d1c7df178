"""Action modes: what a policy's numbers mean, as joint position targets, and back."""
