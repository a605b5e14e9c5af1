"""The sets: labelled sequences, cut into a train and a test part as others cut them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.skill import files

SAMPLES_A_SECOND = 25
WINDOW_SECONDS = 4
N_TEST_SUBJECTS = 3
PREFIX = "classify-"  # of the names in the list of files


@dataclass(frozen=True)
class Part:
    """Sequences ``(n_timesteps_i, n_features)``, their classes, and whose they are.

    Groups are never cut in two by a cross-validation; None: each sequence stands alone.
    """

    X: list[np.ndarray]
    y: np.ndarray
    groups: np.ndarray | None = None

    def __len__(self):
        return len(self.X)

    def __getitem__(self, rows):
        """Return some of the sequences, by an array of numbers."""
        groups = None if self.groups is None else self.groups[rows]
        return Part([self.X[row] for row in rows], self.y[rows], groups)


@dataclass(frozen=True)
class Set:
    """Where a set comes from, and how it is read.

    ``load`` returns its train and its test part.
    """

    title: str
    about: str
    file: str
    load: Callable[[str], tuple[Part, Part]]
    goal: float | None = None


def tables_of(file, *keys):
    """Return (train, test) of a file with a row for each step and a column ``split``."""
    table = files.table(file)
    channels = [name for name in table if name not in ("split", "case", "label", "t")]
    parts = []
    for split in ("train", "test"):
        cases = [case for _, case in table[table["split"] == split].groupby("case", sort=True)]
        X = [case.sort_values("t")[channels].to_numpy(float) for case in cases]
        parts.append(Part(X, np.array([case["label"].iloc[0] for case in cases])))
    return tuple(parts)


def rows_of(file):
    """Return (train, test) of a file with a row for each sequence and a column for each step."""
    table = files.table(file)
    steps = table.columns.drop(["split", "label"])
    parts = []
    for split in ("train", "test"):
        of_split = table[table["split"] == split]
        X = list(of_split[steps].to_numpy(float)[:, :, np.newaxis])
        parts.append(Part(X, of_split["label"].to_numpy()))
    return tuple(parts)


def windows_of_subjects(file):
    """Return (train, test) windows of series; the last subjects, sorted, are the test part.

    A series, in which one subject does one exercise, is cut into windows that don't overlap. What
    is left at its end is left out.
    """
    table = files.table(file)
    length = SAMPLES_A_SECOND * WINDOW_SECONDS
    channels = table.columns.drop(["series", "subject", "label"])
    X, y, subjects = [], [], []
    for _, series in table.groupby("series", sort=True):
        rows = series[channels].to_numpy(float)
        n_windows = len(rows) // length
        X += np.split(rows[: n_windows * length], n_windows) if n_windows else []
        y += [series["label"].iloc[0]] * n_windows
        subjects += [series["subject"].iloc[0]] * n_windows
    whole = Part(X, np.array(y), np.array(subjects))
    is_test = np.isin(whole.groups, np.unique(whole.groups)[-N_TEST_SUBJECTS:])
    return whole[np.flatnonzero(~is_test)], whole[np.flatnonzero(is_test)]


SETS: dict[str, Set] = {
    "gunpoint": Set(
        "GunPoint",
        "A hand is followed by a camera: does it hold a gun, or point? The archive's split.",
        "ucr_GunPoint.csv",
        rows_of,
    ),
    "italy-power-demand": Set(
        "ItalyPowerDemand",
        "The hours of a day: is it winter or summer? The archive's split.",
        "ucr_ItalyPowerDemand.csv",
        rows_of,
    ),
    "basic-motions": Set(
        "BasicMotions",
        "A smart watch on people who stand, walk, run or play badminton. The archive's split.",
        "uea_BasicMotions.csv.gz",
        tables_of,
    ),
    "japanese-vowels": Set(
        "JapaneseVowels",
        "Which of nine speakers says two vowels? 7 to 29 steps. The archive's split.",
        "uea_JapaneseVowels.csv.gz",
        tables_of,
        goal=0.95,
    ),
    "watch": Set(
        "watch, by subject",
        "Seven exercises of the shoulder, by ten subjects with a smart watch, 25 samples a second "
        "(of seglearn). Subjects 8, 9 and 10, the last three, are the test part. Every series is "
        "cut into windows of four seconds that do not overlap; a window is a sample for all "
        "contenders, and accuracy is that of windows.",
        "seglearn_watch_25hz.csv.gz",
        windows_of_subjects,
    ),
}


def load(name):
    """Return the train and the test part of a set."""
    return SETS[name].load(SETS[name].file)


def absent(names):
    """Return the files of these sets that the folder lacks."""
    return files.absent([f"{PREFIX}{name}" for name in names])


def facts(train, test):
    """Return the numbers that a reader wants to know of a set."""
    lengths = [len(sequence) for sequence in train.X + test.X]
    return {
        "n_train": len(train),
        "n_test": len(test),
        "n_timesteps": [min(lengths), max(lengths)],
        "n_features": int(train.X[0].shape[1]),
        "n_classes": len(np.unique(train.y)),
    }


def spread_rows(n_rows, n_taken):
    """Return so many row numbers, or all, evenly spread over the part."""
    return np.unique(np.linspace(0, n_rows - 1, min(n_rows, n_taken)).round().astype(int))
