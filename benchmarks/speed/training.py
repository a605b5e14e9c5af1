"""Cases that train: first fits in new processes, and later ones."""

from __future__ import annotations

from .crew import medians, ratios, why_unlike
from .outcome import Outcome

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


def _after_one_fit(crew, problem, as_like, n_parts):
    variance = crew.take(problem)
    if not crew.is_quick:
        for name in crew.names:
            crew.call(name, "fit", 0)
    replies = crew.take_turns(lambda name, number: crew.call(name, "fit", number + 1))
    return of_training(crew, problem, replies, variance, as_like, n_parts)


def of_training(crew, problem, replies, variance, as_like, n_parts):
    seconds = {name: [reply.seconds / n_parts for reply in of] for name, of in replies.items()}
    losses = {name: [reply.value for reply in of] for name, of in replies.items()}
    spoiled = why_unlike(losses, variance, as_like)
    operations = problem.training_operations * problem.epochs / n_parts
    unit = "seconds for a fit" if n_parts == 1 else "seconds of a fit ÷ epochs"
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
