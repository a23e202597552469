"""What is made of the command lines: manual pages, and completion for shells."""
