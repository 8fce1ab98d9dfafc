"""What a task is: series, the protocol, and what tasks may offer or ask more."""
