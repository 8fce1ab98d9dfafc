"""Adapters: the estimators as estimators of aeon and sktime, which are extras.

Each module here imports its library when it is imported itself; nothing else does.
"""
