"""HDF5 files of strangers, opened in a process of its own with limits of memory and time."""
