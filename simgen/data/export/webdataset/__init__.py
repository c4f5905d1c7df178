"""WebDataset: tar shards with a video, numbers and words for each episode."""
