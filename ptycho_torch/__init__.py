"""PyTorch backend (not built yet)."""
