"""Conformance suite for ptychography data pipelines.

The contract lives in ``specs/``; :mod:`conformance.contract` reads it, :mod:`conformance.adapter` says how a backend
takes part, :mod:`conformance.checks` holds the checks. Importing this package loads neither TensorFlow nor torch.
"""

from __future__ import annotations

__version__ = "0.1.0"
