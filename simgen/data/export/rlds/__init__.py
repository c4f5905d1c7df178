"""RLDS as TensorFlow Datasets reads it, written without TensorFlow."""
