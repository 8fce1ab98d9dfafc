"""Labels for sequences that nobody cut: strings of digits, pen traces, a user's folder."""
