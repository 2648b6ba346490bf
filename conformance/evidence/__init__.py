"""What a check may assert, and the sentence that explains a difference."""
