"""Cases that predict: one window, many, and each step from the one before."""

from __future__ import annotations

from .contenders import CONTENDERS, OTHER_WAYS_TO_PREDICT, OURS, TOLERANCE
from .crew import why_unlike
from .training import AS_LIKE, comparison


def predictions(crew, size):
    """Median time of a call of ``predict`` with so many windows, after a fit."""
    problem, n_windows, at_least = size
    names = crew.only(*CONTENDERS, *OTHER_WAYS_TO_PREDICT)
    variance, losses = crew.take(problem, names), {}
    for name in names:
        losses[name] = [crew.call(name, "fit", 0).value]
        crew.call(name, "prepare_predictions")
    distance = crew.call(OURS, "distance_to_keras", n_windows).value
    if distance > TOLERANCE:
        raise AssertionError(f"Keras predicts otherwise with our weights: {distance:.2g} away")
    seconds = crew.take_turns(
        lambda name, number: crew.call(name, "seconds_of_prediction", n_windows, at_least).value,
        names,
    )
    spoiled = why_unlike(losses, variance, AS_LIKE)
    operations = problem.forward_operations * n_windows / problem.n_windows
    outcome = comparison(crew, seconds, "seconds for a call", operations, losses, spoiled)
    outcome.notes.append(
        f"Keras with our weights predicts the same, up to {distance:.1g}. Keras's and scikeras's "
        "`predict` are measured as people call them, with their own batch size, 32; "
        "`predict_on_batch` takes all windows at once. ONNX Runtime has what `to_onnx` makes of "
        "our estimator, and is timed once it predicts the same."
    )
    return outcome


def forecasts(crew, size):
    """Time of a recursive forecast; slow contenders make fewer steps, and are scaled."""
    problem, n_steps, n_steps_of_keras = size
    steps = {
        OURS: n_steps,
        "Keras": n_steps_of_keras,
        "Keras predict_on_batch": n_steps,
        "PyTorch": n_steps,
    }
    names = crew.only(*steps)
    variance, losses = crew.take(problem, names), {}
    for name in names:
        losses[name] = [crew.call(name, "prepare_forecast", 0).value]
        crew.call(name, "forecast", 2)
    replies = crew.take_turns(
        lambda name, number: crew.call(name, "forecast", steps[name]), names=names
    )
    seconds = {
        name: [reply.seconds * n_steps / steps[name] for reply in of]
        for name, of in replies.items()
    }
    spoiled = why_unlike(losses, variance, AS_LIKE)
    operations = problem.forward_operations * n_steps / problem.n_windows
    unit = f"seconds for {n_steps} steps"
    outcome = comparison(crew, seconds, unit, operations, losses, spoiled)
    outcome.notes.append(
        f"Keras makes {n_steps_of_keras} steps; its time is multiplied by "
        f"{n_steps / n_steps_of_keras:g}."
    )
    return outcome
