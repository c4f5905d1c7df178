"""LeRobot datasets, v3.0 and v2.1, written with pyarrow and PyAV after the published layout."""
