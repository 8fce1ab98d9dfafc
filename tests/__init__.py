"""Tests, a package so that none of this name in site-packages hides them."""
