"""The comparison with PyTorch: see ../compare.py, the command."""
