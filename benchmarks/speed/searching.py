"""Cases that search: the same grid through each library, and through two workers."""

from __future__ import annotations

import numpy as np

from .contenders import OURS, Scikeras, keras_network
from .crew import listed, medians, ratios, rotated
from .data import Problem
from .outcome import Outcome

AS_LIKE = 1.25
BATCH_SIZE = 32
SCORING = "neg_root_mean_squared_error"


class OurSearch:
    """One search over pipelines, the window length a parameter like any other."""

    def __init__(self, grid):
        import keras  # noqa: F401
        import tensorflow  # noqa: F401

        import sklearn_lstm.engine.programs  # noqa: F401

        self.grid = grid
        self.table, self.y = temperatures()

    def search(self, backend=None):
        """Return the error of the best candidate, in degrees."""
        from joblib import parallel_config
        from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

        from sklearn_lstm import make_lstm_pipeline

        search = GridSearchCV(
            make_lstm_pipeline(epochs=self.grid["epochs"], batch_size=BATCH_SIZE, random_state=0),
            {
                "regressor__lstm__units": self.grid["units"],
                "regressor__lstm__learning_rate": self.grid["rates"],
                "regressor__windower__window_length": self.grid["lengths"],
            },
            scoring=SCORING,
            cv=TimeSeriesSplit(self.grid["folds"]),
            n_jobs=1 if backend is None else 2,
            refit=False,
            error_score="raise",
        )
        with parallel_config(backend=backend or "sequential"):
            return float(-search.fit(self.table, self.y).best_score_)

    def end_workers(self):
        """End loky's processes, which would wait for more work and outlive this one."""
        from joblib.externals.loky import get_reusable_executor

        get_reusable_executor().shutdown(wait=True)


class ScikerasSearch(Scikeras):
    """A search for each window length; the windows are scaled and cut beforehand."""

    def __init__(self, grid):
        super().__init__()
        from sklearn.preprocessing import MinMaxScaler

        self.grid = grid
        table, y = temperatures()
        self.rows = MinMaxScaler().fit_transform(table).astype(np.float32)
        self.y = ((y - y.min()) / (y.max() - y.min())).to_numpy(np.float32)
        self.degrees = float(y.max() - y.min())

    def search(self):
        return min(map(self._search, self.grid["lengths"])) * self.degrees

    def _search(self, length):
        from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

        def network(units):
            return keras_network(Problem(len(X), length, 1, (units,), BATCH_SIZE, 1))

        X = np.lib.stride_tricks.sliding_window_view(self.rows[:, 0], length)[:, :, np.newaxis]
        regressor = self.make_regressor(
            network,
            units=None,
            loss="mse",
            optimizer="adam",
            optimizer__learning_rate=None,
            batch_size=BATCH_SIZE,
            epochs=self.grid["epochs"],
            verbose=0,
        )
        search = GridSearchCV(
            regressor,
            {"units": self.grid["units"], "optimizer__learning_rate": self.grid["rates"]},
            scoring=SCORING,
            cv=TimeSeriesSplit(self.grid["folds"]),
            refit=False,
            error_score="raise",
        )
        self.keras.utils.set_random_seed(0)
        search.fit(np.ascontiguousarray(X), self.y[length - 1 :])
        return float(-search.best_score_)


def temperatures():
    """Return the days' highest temperatures as a table, and those of the next days."""
    from sklearn_lstm import make_supervised
    from sklearn_lstm.datasets import load_seattle_weather

    return make_supervised(load_seattle_weather()[["temp_max"]], target="temp_max", horizon=1)


def grid(crew, size):
    """Search in new processes, as people do: once."""
    makers = {OURS: (OurSearch, size), "scikeras": (ScikerasSearch, size)}
    replies = {name: [] for name in makers}
    for number in range(min(crew.n_rounds, 2)):
        with crew.together(makers) as remotes:
            for name in rotated(list(makers), number):
                replies[name].append(remotes[name].call("search"))
    errors = medians({name: [reply.value for reply in of] for name, of in replies.items()})
    seconds = {name: [reply.seconds for reply in of] for name, of in replies.items()}
    is_alike = max(errors.values()) <= AS_LIKE * min(errors.values())
    relative = ratios(seconds) if is_alike else {}
    return Outcome(
        columns=["", "seconds for a search", "÷ ours", "best RMSE in °C"],
        rows=[
            [name, second, relative.get(name), errors[name]]
            for name, second in medians(seconds).items()
        ],
        figures={f"{name} ÷ ours": ratio for name, ratio in relative.items()},
        notes=[
            "Each search is the first of its process, imports apart. The day before as a forecast "
            f"has an RMSE of {persistence():.3g} °C.",
            "We scale within each fold and keep its rows apart; scikeras gets windows that were "
            "scaled and cut beforehand.",
        ],
        spoiled=None if is_alike else f"the best scores are not alike: {listed(errors)}",
    )


def persistence():
    table, y = temperatures()
    return float(np.sqrt(np.mean((table.iloc[:, 0] - y) ** 2)))


def two_workers(crew, size):
    """Search in one process with one worker, two threads and two loky processes."""
    ways = {"n_jobs=1": None, "threads": "threading", "loky": "loky"}
    with crew.together({OURS: (OurSearch, size)}) as remotes:
        ours = remotes[OURS]
        for backend in ways.values():
            ours.call("search", backend)
        replies = crew.take_turns(lambda way, number: ours.call("search", ways[way]), ways, 3)
        ours.call("end_workers")
    seconds = {way: [reply.seconds for reply in of] for way, of in replies.items()}
    gains = {way: 1 / ratio for way, ratio in ratios(seconds, base="n_jobs=1").items()}
    return Outcome(
        columns=["", "seconds for a search", "n_jobs=1 ÷ this", "best RMSE in °C"],
        rows=[
            [way, second, gains[way], replies[way][-1].value]
            for way, second in medians(seconds).items()
        ],
        figures={f"n_jobs=1 ÷ {way}": gain for way, gain in gains.items()},
        notes=["Every way has searched once before, so that loky's workers are warm."],
    )
