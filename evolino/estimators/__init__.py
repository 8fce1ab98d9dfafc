"""Evolino as estimators of scikit-learn: classifier, regressor, forecaster."""
