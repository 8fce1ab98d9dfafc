"""What is solved: output layers."""
