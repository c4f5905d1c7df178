"""Triangle surfaces: normals, mass properties, convex hulls, simplification and a cache on disk. No file formats."""
