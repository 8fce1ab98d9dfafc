"""Put a run together by hand: network, first weights, search, readout, budget."""

import evolino

result = evolino.train(
    evolino.Oscillators(sines=2),
    network=evolino.LSTM(cells=10, peepholes=True, readout_states=True),
    initialiser=evolino.LinearRegime(lowest_radius=0.7, highest_radius=0.9),
    search=evolino.ESP(subpopulation=20, combinations=4, mutation=0.01),
    readout=evolino.PseudoInverse(),
    budget=evolino.Budget(generations=20, target=1e-9),
    seed=7,
)
print(result.stopped, result.metrics)
