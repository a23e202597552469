"""From an envelope and a message to a verdict, whatever protocol they came by."""
