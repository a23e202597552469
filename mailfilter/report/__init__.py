"""What is told of a verdict: log lines, replies, header fields."""
