"""What a real camera would have made of clean images: pure functions of images, sensor, episode seed and frame."""
