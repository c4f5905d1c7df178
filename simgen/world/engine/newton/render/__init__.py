"""Camera pictures of all worlds as Warp kernels: rasterised on the CPU, ray-traced on a GPU."""
