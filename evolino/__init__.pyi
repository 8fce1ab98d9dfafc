"""The public names and their homes: the only list of them.

Type checkers and editors read this file; `__init__.py` reads it too, and imports a name's
module when the name is first asked for. A new public name is one line here and one in
docs/reference.md.
"""

from evolino import plots as plots
from evolino.certificates.certificate import Certificate as Certificate
from evolino.certificates.certificate import certify as certify
from evolino.diagnosis.diagnose import Diagnosis as Diagnosis
from evolino.diagnosis.diagnose import diagnose as diagnose
from evolino.estimators.classifier import EvolinoClassifier as EvolinoClassifier
from evolino.estimators.forecaster import EvolinoForecaster as EvolinoForecaster
from evolino.estimators.loading_estimators import load_estimator as load_estimator
from evolino.estimators.regressor import EvolinoRegressor as EvolinoRegressor
from evolino.export.from_torch import HiddenLayer as HiddenLayer
from evolino.export.from_torch import from_torch as from_torch
from evolino.export.write import write_export as write_export
from evolino.gradient.adam import Adam as Adam
from evolino.gradient.bptt import BPTT as BPTT
from evolino.gradient.kalman import Kalman as Kalman
from evolino.gradient.lbfgs import LBFGS as LBFGS
from evolino.gradient.reinforce import Reinforce as Reinforce
from evolino.models.ensemble import Ensemble as Ensemble
from evolino.models.loading import load as load
from evolino.models.model import Model as Model
from evolino.network.convolutional import ConvLSTM as ConvLSTM
from evolino.network.groups import Group as Group
from evolino.network.initialisers.around import Around as Around
from evolino.network.initialisers.base import Initialiser as Initialiser
from evolino.network.initialisers.by_group import ByGroup as ByGroup
from evolino.network.initialisers.clock import Clock as Clock
from evolino.network.initialisers.clocked import Clocked as Clocked
from evolino.network.initialisers.delay_line import DelayLine as DelayLine
from evolino.network.initialisers.gaussian import Gaussian as Gaussian
from evolino.network.initialisers.linear_regime import LinearRegime as LinearRegime
from evolino.network.initialisers.policy import Policy as Policy
from evolino.network.initialisers.saturated import Saturated as Saturated
from evolino.network.initialisers.saturated_ternary import (
    SaturatedTernary as SaturatedTernary,
)
from evolino.network.initialisers.separate_inputs import SeparateInputs as SeparateInputs
from evolino.network.initialisers.spread import Spread as Spread
from evolino.network.initialisers.uniform import Uniform as Uniform
from evolino.network.lstm import LSTM as LSTM
from evolino.network.stacked import StackedLSTM as StackedLSTM
from evolino.readout.base import Readout as Readout
from evolino.readout.best_only import BestOnly as BestOnly
from evolino.readout.ctc import CTC as CTC
from evolino.readout.evolved import Evolved as Evolved
from evolino.readout.kernel import KernelSVM as KernelSVM
from evolino.readout.kernel import KernelSVR as KernelSVR
from evolino.readout.linear import PseudoInverse as PseudoInverse
from evolino.readout.linear import Ridge as Ridge
from evolino.readout.logistic import Logistic as Logistic
from evolino.readout.svm import SVM as SVM
from evolino.readout.svm import SVR as SVR
from evolino.search.base import Search as Search
from evolino.search.base import SearchSettings as SearchSettings
from evolino.search.base import WeightSpace as WeightSpace
from evolino.search.cma_es import CMAES as CMAES
from evolino.search.composed.racing import Raced as Raced
from evolino.search.composed.restarts import Restarted as Restarted
from evolino.search.composed.screening import Screened as Screened
from evolino.search.composed.stages import Staged as Staged
from evolino.search.cosyne import CoSyNE as CoSyNE
from evolino.search.diagonal_cma_es import DiagonalCMAES as DiagonalCMAES
from evolino.search.esp import ESP as ESP
from evolino.search.genetic import Genetic as Genetic
from evolino.search.openai_es import OpenAIES as OpenAIES
from evolino.search.random_search import RandomSearch as RandomSearch
from evolino.search.scales import ScaleEvolution as ScaleEvolution
from evolino.search.xnes import XNES as XNES
from evolino.solvers.ctc_decoding import LabelBigram as LabelBigram
from evolino.solvers.ctc_decoding import WordList as WordList
from evolino.solvers.ctc_decoding import best_path as best_path
from evolino.solvers.ctc_decoding import prefix_search as prefix_search
from evolino.task.protocol import Published as Published
from evolino.task.protocol import Task as Task
from evolino.task.series import Segment as Segment
from evolino.task.series import Series as Series
from evolino.task.series import Split as Split
from evolino.task.symbols import Symbols as Symbols
from evolino.tasks.classic.parity import Parity as Parity
from evolino.tasks.control.cues import Memory as Memory
from evolino.tasks.control.cues import TMaze as TMaze
from evolino.tasks.control.gym import Gymnasium as Gymnasium
from evolino.tasks.control.imitate import Imitate as Imitate
from evolino.tasks.control.pole import Pole as Pole
from evolino.tasks.error_measures import nrmse as nrmse
from evolino.tasks.error_measures import rmse as rmse
from evolino.tasks.labelling.labelling import Labelling as Labelling
from evolino.tasks.languages.languages import Languages as Languages
from evolino.tasks.long_lags.arithmetic import Adding as Adding
from evolino.tasks.long_lags.arithmetic import Multiplication as Multiplication
from evolino.tasks.long_lags.continual_reber import ContinualReber as ContinualReber
from evolino.tasks.long_lags.lag import Lag as Lag
from evolino.tasks.long_lags.noise_free import NoiseFree as NoiseFree
from evolino.tasks.long_lags.reber import Reber as Reber
from evolino.tasks.long_lags.temporal_order import TemporalOrder as TemporalOrder
from evolino.tasks.long_lags.two_sequence import TwoSequence as TwoSequence
from evolino.tasks.music.blues import Blues as Blues
from evolino.tasks.music.chorales import Chorales as Chorales
from evolino.tasks.music.music import Music as Music
from evolino.tasks.pictures.frames import Frames as Frames
from evolino.tasks.signals.mackey_glass import MackeyGlass as MackeyGlass
from evolino.tasks.signals.oscillators import Oscillators as Oscillators
from evolino.tasks.signals.series import SeriesTask as SeriesTask
from evolino.tasks.timing.rhythm import Rhythm as Rhythm
from evolino.tasks.timing.timing import Timing as Timing
from evolino.training.callbacks import Callback as Callback
from evolino.training.experiment import Budget as Budget
from evolino.training.experiment import Curriculum as Curriculum
from evolino.training.experiment import Experiment as Experiment
from evolino.training.experiment import Islands as Islands
from evolino.training.history import Generation as Generation
from evolino.training.progress import Progress as Progress
from evolino.training.result import Result as Result
from evolino.training.tracking import MLflow as MLflow
from evolino.training.tracking import TensorBoard as TensorBoard
from evolino.training.train import resume as resume
from evolino.training.train import run as run
from evolino.training.train import train as train
from evolino.training.workers.base import EvaluationError as EvaluationError
from evolino.training.workers.base import WorkerSettings as WorkerSettings

__version__: str
