"""Files: archives of arrays, JSON, caches."""
