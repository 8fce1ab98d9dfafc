"""The searches by name."""

SEARCHES = {
    "esp": "evolino.search.esp:ESP",
    "genetic": "evolino.search.genetic:Genetic",
    "cma-es": "evolino.search.cma_es:CMAES",
    "diagonal-cma-es": "evolino.search.cma_es:DiagonalCMAES",
    "random": "evolino.search.random_search:RandomSearch",
    "scales": "evolino.search.scales:ScaleEvolution",
    "screened": "evolino.search.screening:Screened",
    "raced": "evolino.search.racing:Raced",
    "restarted": "evolino.search.restarts:Restarted",
    "staged": "evolino.search.stages:Staged",
}
