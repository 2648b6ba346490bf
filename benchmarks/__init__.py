"""Speed beside a baseline, in ratios."""
