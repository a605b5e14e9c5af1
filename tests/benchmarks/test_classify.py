"""The classification benchmark: the parts are kept apart, and the figures are what they say."""

from dataclasses import replace

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from benchmarks.classify import __main__ as command
from benchmarks.classify import choosing, contenders, report, running, scaling, sets, theirs
from benchmarks.classify.sets import SETS, Part
from benchmarks.skill import files

WATCH = "seglearn_watch_25hz.csv.gz"
TINY_GRID = {"pooling": ("last", "mean"), "bidirectional": (False,), "segment_length": (None, 10)}


def rows(rng, n, n_steps):
    """A table with a row for each sequence: the second class has another mean."""
    label = np.tile([1, 2], n)
    values = rng.standard_normal((2 * n, n_steps)) + label[:, None]
    table = pd.DataFrame(values, columns=[f"t{t}" for t in range(n_steps)])
    table.insert(0, "label", label)
    table.insert(0, "split", ["train"] * n + ["test"] * n)
    return table


def steps(rng, n, lengths, labels):
    """A table with a row for each step, of sequences of unequal lengths."""
    parts = []
    for split in ("train", "test"):
        for case in range(n):
            length, label = lengths[case % len(lengths)], labels[case % len(labels)]
            values = rng.standard_normal((length, 2)) + labels.index(label)
            part = pd.DataFrame(values, columns=["dim0", "dim1"])
            part.insert(0, "t", np.arange(length))
            part.insert(0, "label", label)
            part.insert(0, "case", case)
            part.insert(0, "split", split)
            parts.append(part)
    return pd.concat(parts)


def watch(rng):
    """Two exercises of each of five subjects, 3, 2 and no windows of 100 samples long."""
    parts = []
    for series in range(15):
        subject, label = 2 * (series // 3), series % 2
        n_rows = (330, 200, 99)[series % 3]
        part = pd.DataFrame(rng.standard_normal((n_rows, 2)), columns=["ch0", "ch1"])
        part["ch0"] += np.arange(n_rows)
        parts.append(part.assign(series=series, subject=subject, label=label))
    return pd.concat(parts)[["series", "subject", "label", "ch0", "ch1"]]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of small tables under the names of the real ones."""
    rng = np.random.default_rng(0)
    rows(rng, 24, 120).to_csv(tmp_path / SETS["gunpoint"].file, index=False)
    rows(rng, 24, 6).to_csv(tmp_path / SETS["italy-power-demand"].file, index=False)
    labels = ["Standing", "Walking"]
    steps(rng, 12, [100], labels).to_csv(tmp_path / SETS["basic-motions"].file, index=False)
    vowels = steps(rng, 30, [7, 5, 9], [1, 2, 3])
    vowels.to_csv(tmp_path / SETS["japanese-vowels"].file, index=False)
    watch(rng).to_csv(tmp_path / WATCH, index=False)
    monkeypatch.setattr(files, "FOLDER", tmp_path)
    return tmp_path


def of_classes(rng, n, groups=None):
    """Sequences of 4 steps and one feature, which is about as large as their class."""
    y = np.arange(n) % 2
    X = [np.full((4, 1), 2.0 * label) + rng.standard_normal((4, 1)) for label in y]
    return Part(X, y, groups)


def test_files_become_sequences(folder):
    train, test = sets.load("gunpoint")
    table = pd.read_csv(folder / SETS["gunpoint"].file)
    np.testing.assert_allclose(train.X[3][:, 0], table.iloc[3, 2:].to_numpy(float))
    np.testing.assert_array_equal(test.y, table.label[24:])
    assert (len(train), len(test), test.X[0].shape) == (24, 24, (120, 1))
    train, test = sets.load("japanese-vowels")
    assert [len(sequence) for sequence in test.X[:4]] == [7, 5, 9, 7]
    assert train.y[:4].tolist() == [1, 2, 3, 1]
    table = pd.read_csv(folder / SETS["japanese-vowels"].file)
    of_case = table[(table.split == "test") & (table.case == 11)]
    np.testing.assert_allclose(test.X[11], of_case[["dim0", "dim1"]])


def test_subjects_are_on_one_side_and_windows_do_not_overlap(folder):
    train, test = sets.load("watch")
    assert set(test.groups) == {4, 6, 8}
    assert set(train.groups) == {0, 2}
    assert {sequence.shape for sequence in train.X + test.X} == {(100, 2)}
    # of 330 rows three windows, of 200 two, of 99 none
    assert (len(train), len(test)) == (2 * 5, 3 * 5)
    table = pd.read_csv(folder / WATCH)
    second = table[table.series == 0].iloc[100:200]
    np.testing.assert_allclose(train.X[1], second[["ch0", "ch1"]])
    starts = [sequence[0, 0] for sequence in train.X[:5]]
    assert np.round(starts, -2).tolist() == [0, 100, 200, 0, 100]


def test_the_real_sets_have_the_parts_of_the_archive(real_series):
    sizes = {name: tuple(map(len, sets.load(name))) for name in SETS}
    assert sizes["gunpoint"] == (50, 150)
    assert sizes["italy-power-demand"] == (67, 1029)
    assert sizes["basic-motions"] == (40, 40)
    assert sizes["japanese-vowels"] == (270, 370)
    train, test = sets.load("watch")
    assert set(train.groups) == {1, 2, 3, 4, 5, 6, 7}
    assert set(test.groups) == {8, 9, 10}
    lengths = files.table(WATCH).groupby("series").size()
    assert sum(sizes["watch"]) == (lengths // 100).sum()
    assert sets.facts(*sets.load("japanese-vowels"))["n_timesteps"] == [7, 29]


def test_folds_hold_no_subject_twice_and_every_sequence_once():
    rng = np.random.default_rng(0)
    part = of_classes(rng, 48, groups=np.arange(48) // 2 % 6)
    validated = []
    for fit, validation in choosing.folds(part, 3):
        assert not set(part.groups[fit]) & set(part.groups[validation])
        validated += validation.tolist()
    assert sorted(validated) == list(range(48))
    alone = of_classes(rng, 48)
    for _, validation in choosing.folds(alone, 4):
        assert np.bincount(alone.y[validation]).tolist() == [6, 6]


def test_noise_in_the_test_part_changes_no_choice(folder, monkeypatch):
    original, rng = files.table, np.random.default_rng(1)

    def noisy(name):
        table = original(name)
        is_test = table["subject"] > 2 if name == WATCH else table["split"] == "test"
        values = [name for name in table if name[0] in "tdc" and name[-1].isdigit()]
        table.loc[is_test, values] = rng.uniform(100, 1000, (is_test.sum(), len(values)))
        return table

    def fitted_numbers(name):
        train, test = sets.load(name)
        train = train[sets.spread_rows(len(train), 16)]
        training = choosing.Training(4)
        trials = running.choose(train, TINY_GRID, training, 2, lambda line: None)
        fitted = choosing.pipeline(trials[0]["setting"], len(train), training, 0)
        fitted.fit(train.X, train.y)
        return trials, joblib.hash(fitted[-1].weights_), joblib.hash(test.X)

    names = ("italy-power-demand", "watch")
    before = [fitted_numbers(name) for name in names]
    monkeypatch.setattr(files, "table", noisy)
    for (trials, weights, test), name in zip(before, names, strict=True):
        again = fitted_numbers(name)
        assert again[:2] == (trials, weights)
        assert again[2] != test


def test_the_best_accuracy_is_chosen_and_of_equals_the_lower_loss(monkeypatch):
    scores = {"last": (0.9, 0.1), "mean": (0.95, 0.4), "max": (0.95, 0.3)}

    def cross_validate(setting, part, training, n_folds):
        accuracy, loss = scores[setting["pooling"]]
        return {"accuracy": accuracy, "log_loss": loss + setting.get("dropout", 0)}

    monkeypatch.setattr(running, "cross_validate", cross_validate)
    grid = TINY_GRID | {"pooling": tuple(scores)}
    part = of_classes(np.random.default_rng(0), 8)
    trials = running.choose(part, grid, choosing.Training(1), 2, lambda line: None)
    found = [(trial["setting"]["pooling"], trial["setting"].get("dropout")) for trial in trials]
    assert found == [("max", None), ("mean", None), ("max", choosing.DROPOUT), ("last", None)]


def test_long_sequences_are_read_in_segments(folder):
    def segments(name):
        return {s["segment_length"] for s in choosing.candidates(sets.load(name)[0])}

    assert segments("gunpoint") == {5, 10}
    assert segments("japanese-vowels") == {None}


def test_all_sets_have_about_as_many_updates():
    training = choosing.Training(600)
    for n_samples in (40, 270, 785):
        n_batches = -(-n_samples // choosing.SHARED["batch_size"])
        assert training.epochs(n_samples) * n_batches == pytest.approx(600, rel=0.05)
    assert choosing.Training(1).epochs(1000) == 1


def test_a_cross_validated_accuracy_is_that_of_the_folds():
    part = of_classes(np.random.default_rng(0), 32)
    setting = {"pooling": "mean", "bidirectional": False, "segment_length": None}
    found = choosing.cross_validate(setting, part, choosing.Training(20), 2)
    n_right, losses = 0, []
    for fit, held in choosing.folds(part, 2):
        fitted = choosing.pipeline(setting, len(fit), choosing.Training(20), 0)
        fitted.fit(part[fit].X, part.y[fit])
        n_right += (fitted.predict(part[held].X) == part.y[held]).sum()
        of_true = fitted.predict_proba(part[held].X)[np.arange(len(held)), part.y[held]]
        losses += (-np.log(of_true)).tolist()
    assert found["accuracy"] == pytest.approx(n_right / 32)
    assert found["log_loss"] == pytest.approx(np.mean(losses), rel=1e-6)


def test_scaling_knows_the_train_part_alone_and_padding_is_zero():
    rng = np.random.default_rng(0)
    train = [rng.normal(5, 3, (n, 2)) for n in (3, 6)]
    test = [rng.normal(5, 3, (n, 2)) for n in (8, 2)]
    scaler = StandardScaler().fit(np.concatenate(train))
    of_train, of_test = scaling.scaled(train, test)
    np.testing.assert_allclose(of_test[0], scaler.transform(test[0]))
    fit, asked = scaling.padded(of_train, of_test)
    assert fit.shape == asked.shape == (2, 6, 2)
    np.testing.assert_allclose(asked[0], scaler.transform(test[0])[:6])
    assert not asked[1, 2:].any()
    assert not fit[0, 3:].any()


def test_the_nearest_neighbour_is_scikit_learns():
    rng = np.random.default_rng(0)
    train, test = of_classes(rng, 20), of_classes(rng, 30)
    found = contenders.HERE[contenders.EUCLIDEAN](train, test, 0, 1)
    scaler = StandardScaler().fit(np.concatenate(train.X))
    rows_of = [
        np.array([scaler.transform(sequence)[:, 0] for sequence in part.X])
        for part in (train, test)
    ]
    expected = KNeighborsClassifier(1).fit(rows_of[0], train.y).score(rows_of[1], test.y)
    assert found == expected
    assert 0.5 < found <= 1


def test_arrays_travel_to_another_python_as_they_are(tmp_path):
    train = [np.arange(6.0).reshape(3, 2), np.ones((1, 2))]
    test = [np.zeros((2, 2))]
    path = str(tmp_path / "set.npz")
    theirs.write(path, train, np.array(["a", "b"]), test, np.array(["b"]))
    (found, y), (found_test, y_test) = theirs.read(path)
    for one, other in zip(found + found_test, train + test, strict=True):
        np.testing.assert_array_equal(one, other)
    assert (y.tolist(), y_test.tolist()) == (["a", "b"], ["b"])


def test_a_python_without_aeon_is_told():
    assert running.aeon_version("no-such-python") is None


@pytest.fixture
def a_result():
    """Figures of a set, made up."""
    scores = {
        running.OURS: [0.96, 0.98, 0.94],
        running.ENSEMBLE: [0.97, 0.97, 0.97],
        contenders.EUCLIDEAN: [0.9],
        "MiniRocket + ridge": [0.99, 0.99, 0.99],
    }
    setting = {"pooling": "max", "bidirectional": True, "segment_length": None}
    return {
        "facts": {
            "n_train": 270,
            "n_test": 370,
            "n_timesteps": [7, 29],
            "n_features": 12,
            "n_classes": 9,
        },
        "epochs": 35,
        "n_folds": 4,
        "trials": [{"setting": setting, "accuracy": 0.97, "log_loss": 0.1}],
        "contenders": {n: {"scores": s, "seconds": 1.5} for n, s in scores.items()},
        "machine": "a machine",
    }


def test_the_page_says_what_was_measured(a_result):
    page = report.page({"japanese-vowels": a_result})
    assert f"0.960 ± {np.std([0.96, 0.98, 0.94]):.3f}" in page
    assert "**0.990 ± 0.000**" in page
    assert "| 0.900 |" in page
    assert "MiniRocket + ridge on JapaneseVowels, by 0.0200." in page
    assert "LSTMClassifier(units=50" in page
    assert "pooling='max', bidirectional=True" in page
    assert "7 to 29 steps of 12, 9 classes" in page


def test_targets_are_judged_by_means(a_result):
    (above, goal) = report.targets({"japanese-vowels": a_result})[2:]
    assert "1 of 1 | **no**" in above  # four are asked for
    assert goal.endswith("| ≥ 0.95 | 0.96 | yes |")
    of_four = dict.fromkeys(list(SETS)[:4], a_result)
    assert "4 of 4 | yes" in report.targets(of_four)[2]
    a_result["contenders"][running.OURS]["scores"] = [0.96, 0.96, 0.92]
    assert report.targets({"japanese-vowels": a_result})[3].endswith("| 0.9467 | **no** |")


def test_a_page_is_made_where_some_contenders_are_not_known(a_result):
    for name in (running.OURS, running.ENSEMBLE):
        del a_result["contenders"][name]
    page = report.page({"japanese-vowels": a_result})
    assert "0 of 1 | **no**" in page
    assert "MiniRocket + ridge on JapaneseVowels" in page


def test_sets_that_are_not_asked_for_stay(a_result, tmp_path):
    first = report.Results(tmp_path)
    first.add("gunpoint", a_result, "one machine")
    second = report.Results(tmp_path)
    second.add("watch", a_result, "another machine")
    assert list(report.Results(tmp_path).sets) == ["gunpoint", "watch"]
    page = (tmp_path / "classify.md").read_text()
    assert "one machine: gunpoint" in page
    assert "another machine: watch" in page
    assert page.index("## GunPoint") < page.index("## watch")


def test_quick_runs_every_contender_of_this_environment(folder, tmp_path, capsys):
    out = tmp_path / "results"
    assert command.main(["--quick", "--aeon", "no-such-python", "--out", str(out)]) == 0
    known = report.Results(out).sets
    assert list(known) == ["italy-power-demand", "japanese-vowels"]
    for result in known.values():
        here = [running.OURS, running.ENSEMBLE, *contenders.HERE]
        assert list(result["contenders"]) == here
        assert all(0 <= s <= 1 for c in result["contenders"].values() for s in c["scores"])
        assert "tiny settings" in result["machine"]
    assert "left out: aeon is not installed" in capsys.readouterr().out


def test_one_contender_is_renewed_with_what_was_chosen(folder, tmp_path, a_result, monkeypatch):
    report.Results(tmp_path).add("japanese-vowels", a_result, "a machine")
    monkeypatch.setattr(running, "choose", None)
    asked = ["japanese-vowels", "--contenders", contenders.EUCLIDEAN, "--out", str(tmp_path)]
    assert command.main([*asked, "--aeon", "no-such-python"]) == 0
    renewed = report.Results(tmp_path).sets["japanese-vowels"]
    assert renewed["trials"] == a_result["trials"]
    for name, of in a_result["contenders"].items():
        assert (renewed["contenders"][name] == of) == (name != contenders.EUCLIDEAN)
    train, test = sets.load("japanese-vowels")
    expected = contenders.HERE[contenders.EUCLIDEAN](train, test, 0, 1)
    assert renewed["contenders"][contenders.EUCLIDEAN]["scores"] == [expected]


def test_nothing_of_the_test_part_is_asked_when_settings_are_chosen(folder, monkeypatch, capsys):
    monkeypatch.setattr(running, "score_here", None)
    monkeypatch.setattr(running, "score_in_aeon", None)
    assert command.main(["italy-power-demand", "--quick", "--choose"]) == 0
    assert "chosen: pooling=" in capsys.readouterr().out


def test_missing_files_are_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(files, "FOLDER", tmp_path)
    assert command.main(["gunpoint"]) == 1
    assert "ucr_GunPoint.csv" in capsys.readouterr().out
    assert command.main(["--check"]) == 0
    assert "uea_JapaneseVowels.csv.gz" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        command.main(["gun-point"])


def test_check_fails_below_the_goal(folder, tmp_path, monkeypatch, a_result):
    monkeypatch.setattr(command, "RESULTS", tmp_path)
    report.Results(tmp_path).add(command.CHECKED, a_result, "a machine")
    fast = replace(choosing.Training(), n_updates=2)
    monkeypatch.setattr(command, "Training", lambda: fast)
    for scores, code in ([0.94], 0), ([0.92], 1):
        of_ours = {running.OURS: {"scores": scores, "seconds": 1.0}}
        monkeypatch.setattr(running, "score_here", lambda *a, of=of_ours, **k: of)
        assert command.main(["--check"]) == code
