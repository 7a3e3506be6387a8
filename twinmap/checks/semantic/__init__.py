"""What does not mean the same: families C to X."""
