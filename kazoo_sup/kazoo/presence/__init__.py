"""Who watches whom."""
