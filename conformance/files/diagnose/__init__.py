"""Which convention a scan is in: estimators on frames and positions, and the verdict that they allow."""
