"""What limits a trained network or an estimator, in words and one picture."""
