"""One's own data without tuning: labels of sequences, and a forecast with its interval."""

import tempfile

import numpy as np

from evolino import EvolinoClassifier, EvolinoForecaster, diagnose

rng = np.random.default_rng(0)


def gesture(kind):
    """A sequence (T, 2) of 30 to 50 steps: a circle, or an eight, in noise."""
    angle = np.linspace(0, 2 * np.pi, rng.integers(30, 51)) + rng.uniform(0, 6)
    path = np.stack([np.sin(angle), np.cos((1 if kind == "circle" else 2) * angle)], axis=1)
    return path + rng.normal(0, 0.2, path.shape)


labels = rng.choice(["circle", "eight"], 80)
gestures = [gesture(kind) for kind in labels]
classifier = EvolinoClassifier().fit(gestures[:40], labels[:40])
print(f"{classifier.score(gestures[40:], labels[40:]):.0%} of 40 unseen gestures are right")
shares = classifier.predict_proba(gestures[40:41])[0].round(2).tolist()
print("the first one:", dict(zip(classifier.classes_.tolist(), shares, strict=True)))

months = np.arange(96)
sales = np.exp(5 + 0.01 * months + 0.3 * np.sin(months * np.pi / 6))
sales *= np.exp(rng.normal(0, 0.03, 96))
forecaster = EvolinoForecaster(12).fit(sales[:60])
print(forecaster.evaluate(sales, origins=6).described())
lower, upper = forecaster.predict_interval(0.8, y=sales)
for forecast, low, high in zip(forecaster.predict(y=sales)[:3], lower, upper, strict=False):
    print(f"next: {forecast:.0f}, between {low:.0f} and {high:.0f}")

spoilt = sales.copy()
spoilt[80] *= 2
print(forecaster.anomalies(spoilt).described())
print(diagnose(classifier, gestures[:40], labels[:40]).described())
with tempfile.TemporaryDirectory() as folder:
    forecaster.save(folder)
    print("loaded, it goes on with", EvolinoForecaster.load(folder).predict(2))
