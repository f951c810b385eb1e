"""The terminal: what is typed, what is shown, and which exit status an error gives."""
