"""Music that tasks learn, as readable text."""
