"""Datasets out of datasets: chosen episodes copied, several merged, one appended to another, one split into parts.

Chunks are copied as they are compressed; nothing here decodes an image or simulates.
"""
