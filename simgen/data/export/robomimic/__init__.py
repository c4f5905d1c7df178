"""robomimic: one HDF5 file with a group for each demonstration."""
