"""Islands: searches that evolve apart and exchange their best in a ring."""

import evolino

# Processes that loky starts read this file again, so what runs must stand below this line.
if __name__ == "__main__":
    result = evolino.train(
        evolino.Oscillators(sines=3),
        budget=evolino.Budget(generations=10),
        islands=2,
        migrate_every=5,
        workers=2,
        backend="loky",
        seed=1,
    )
    print(result.metrics)
