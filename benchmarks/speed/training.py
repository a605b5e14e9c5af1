"""Cases that train: first fits in new processes, and later ones."""

from __future__ import annotations

from dataclasses import replace

from .contenders import OURS
from .crew import medians, ratios, why_unlike
from .outcome import Outcome
from .process import Reply

AS_LIKE = 1.5  # largest over smallest of the contenders' losses
AS_LIKE_WHEN_TINY = 3  # a handful of samples, learned by heart


def first_fits(crew, problem):
    """Fit in a new process for each contender and round, imports and data apart."""

    replies = {name: [] for name in crew.names}
    for number in range(crew.n_rounds):
        crew.dismiss()
        variance = crew.take(problem)
        for name, of_name in replies.items():
            of_name.append(crew.call(name, "fit", number))
    return of_training(crew, problem, replies, variance, AS_LIKE_WHEN_TINY, 1)


def later_fits(crew, problem):
    """Fit after one fit with another seed."""
    return _after_one_fit(crew, problem, AS_LIKE_WHEN_TINY, 1)


def epochs(crew, problem):
    """Time of a whole later fit, Keras's tracing included, divided by its epochs."""
    return _after_one_fit(crew, problem, AS_LIKE, problem.epochs)


def epochs_of_wide(crew, problem):
    """The same without scikeras and skorch, whose own share of the time vanishes by then."""
    names = crew.only(OURS, "Keras", "PyTorch")
    return _after_one_fit(crew, problem, AS_LIKE, problem.epochs, names)


def marginal_epochs(crew, problem, names=None):
    """Time of an epoch more: a fit of many less a fit of one, divided by the difference."""
    n_more = problem.epochs - 1
    names = names or crew.names

    def turn(name, number):
        seconds = []
        for n_epochs in (1, problem.epochs):
            crew.call(name, "take_epochs", n_epochs)
            reply = crew.call(name, "fit", number + 1)
            seconds.append(reply.seconds)
        return Reply(reply.value, seconds[1] - seconds[0])

    variance = _take(crew, problem, names)
    # The replies are those of n_more epochs, and so are the operations.
    outcome = of_training(
        crew,
        replace(problem, epochs=n_more),
        crew.take_turns(turn, names),
        variance,
        AS_LIKE,
        n_more,
        "seconds for an epoch more",
    )
    outcome.notes.append(
        f"An epoch more: a fit of {problem.epochs} epochs less a fit of one with the same seed, "
        f"divided by {n_more}. What a fit begins with, tracing above all, is in neither."
    )
    return outcome


def marginal_epochs_of_classifiers(crew, problem):
    """The same for classes, where skorch and PyTorch have other networks and stay away."""
    return marginal_epochs(crew, problem, crew.only(OURS, "scikeras", "Keras"))


def _after_one_fit(crew, problem, as_like, n_parts, names=None):
    names = names or crew.names
    variance = _take(crew, problem, names)
    replies = crew.take_turns(lambda name, number: crew.call(name, "fit", number + 1), names)
    return of_training(crew, problem, replies, variance, as_like, n_parts)


def _take(crew, problem, names):
    """Hand over a problem and have it fitted once; return the loss of a constant."""
    variance = crew.take(problem, names)
    if not crew.is_quick:
        for name in names:
            crew.call(name, "fit", 0)
    return variance


def ensembles(crew, size):
    """Time of several networks in one regressor beside one network's, ours alone."""
    n_networks, problems = size
    rows, figures = [], {}
    for like, problem in problems.items():
        crew.take(problem, [OURS])
        ways = {"one network": 1, f"{n_networks} networks": n_networks}
        if not crew.is_quick:
            for n in ways.values():
                crew.call(OURS, "fit_ensemble", n, 0)
        replies = crew.take_turns(
            lambda way, number, ways=ways: crew.call(OURS, "fit_ensemble", ways[way], number + 1),
            ways,
        )
        seconds = {way: [reply.seconds for reply in of] for way, of in replies.items()}
        relative = ratios(seconds, base="one network")
        for way, second in medians(seconds).items():
            rows.append([f"{like}: {problem}", way, second, relative[way], replies[way][-1].value])
        figures[f"{like}, ensemble ÷ one network"] = relative[f"{n_networks} networks"]
    return Outcome(
        columns=["", "", "seconds for a fit", "÷ one network", "final loss"],
        rows=rows,
        figures=figures,
        notes=["`ensemble_size` of one `LSTMRegressor`; the loss is the mean over its networks."],
    )


def of_training(crew, problem, replies, variance, as_like, n_parts, unit=None):
    seconds = {name: [reply.seconds / n_parts for reply in of] for name, of in replies.items()}
    losses = {name: [reply.value for reply in of] for name, of in replies.items()}
    spoiled = why_unlike(losses, variance, as_like)
    operations = problem.training_operations * problem.epochs / n_parts
    unit = unit or ("seconds for a fit" if n_parts == 1 else "seconds of a fit ÷ epochs")
    return comparison(crew, seconds, unit, operations, losses, spoiled)


def comparison(crew, seconds, unit, operations, losses, spoiled):
    """Put times beside ours, with the share of the machine's peak that they amount to."""
    relative = {} if spoiled else ratios(seconds)
    typical, final = medians(seconds), medians(losses)
    rows = [
        [
            name,
            typical[name],
            relative.get(name),
            final[name],
            100 * operations / typical[name] / 1e9 / crew.peak_gflops,
        ]
        for name in seconds
    ]
    return Outcome(
        columns=["", unit, "÷ ours", "final loss", "% of the peak"],
        rows=rows,
        figures={f"{name} ÷ ours": ratio for name, ratio in relative.items()},
        spoiled=spoiled,
    )
