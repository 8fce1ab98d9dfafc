"""Clusters that are started once: Dask and Ray take seconds."""

import os

import pytest

from evolino.training.callbacks import Callback
from evolino.training.workers.base import WorkerSettings


@pytest.fixture(scope="session")
def dask_scheduler():
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, memory_limit=0, dashboard_address="127.0.0.1:0"
    ) as cluster:
        yield cluster.scheduler_address


@pytest.fixture(scope="session")
def ray_address():
    os.environ["RAY_AUTH_MODE"] = "disabled"  # for those that join it
    import ray

    context = ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield context.address_info["address"]
    ray.shutdown()


def settings_of(backend, request):
    """Two workers of a backend, of the cluster that runs already."""
    if backend == "dask":
        scheduler = request.getfixturevalue("dask_scheduler")
        return WorkerSettings(backend="dask", scheduler=scheduler)
    if backend == "ray":
        request.getfixturevalue("ray_address")
    return WorkerSettings(2, backend)


@pytest.fixture(params=["threads", "loky", "dask", "ray"])
def backend(request):
    return settings_of(request.param, request)


@pytest.fixture(params=["loky", "dask", "ray"])
def processes(request):
    return settings_of(request.param, request)


class Heard(Callback):
    """Keeps the messages."""

    def __init__(self):
        self.messages = []

    def on_message(self, message):
        self.messages.append(message)


@pytest.fixture
def heard():
    return Heard()
