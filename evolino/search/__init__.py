"""Searches: who draws the genomes, by ask and tell.

SEARCHES maps a search's name to "module:Class"; the module is imported when it is used.
"""

SEARCHES = {
    "esp": "evolino.search.esp:ESP",
    "genetic": "evolino.search.genetic:Genetic",
    "cma-es": "evolino.search.cma_es:CMAES",
    "diagonal-cma-es": "evolino.search.diagonal_cma_es:DiagonalCMAES",
    "xnes": "evolino.search.xnes:XNES",
    "cosyne": "evolino.search.cosyne:CoSyNE",
    "openai-es": "evolino.search.openai_es:OpenAIES",
    "random": "evolino.search.random_search:RandomSearch",
    "scales": "evolino.search.scales:ScaleEvolution",
    "screened": "evolino.search.composed.screening:Screened",
    "raced": "evolino.search.composed.racing:Raced",
    "restarted": "evolino.search.composed.restarts:Restarted",
    "staged": "evolino.search.composed.stages:Staged",
}
