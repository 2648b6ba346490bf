"""What several liars share: right methods with a place where one fault goes in."""
