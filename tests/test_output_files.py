import os
import stat
from contextlib import nullcontext

import pytest

from sklearn_lstm._output_files import check_output, check_outputs, written_together, written_whole


@pytest.fixture
def umask():
    before = os.umask(0o027)
    yield
    os.umask(before)


def write(path, text="new"):
    with written_whole(path) as unfinished:
        unfinished.write_text(text)


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def test_a_file_keeps_its_permissions_and_a_new_one_has_those_of_umask(tmp_path, umask):
    path = tmp_path / "old.csv"
    path.write_text("old")
    path.chmod(0o664)
    write(path)
    assert path.read_text() == "new"
    assert mode(path) == 0o664
    write(tmp_path / "new.csv")
    assert mode(tmp_path / "new.csv") == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.csv", "old.csv"]


@pytest.mark.parametrize("exists", [True, False])
def test_links_stay_and_what_they_lead_to_is_written(tmp_path, exists):
    (tmp_path / "far").mkdir()
    target = tmp_path / "far" / "target"
    if exists:
        target.write_text("old")
        target.chmod(0o600)
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    first.symlink_to(os.path.join("far", "target"))
    second.symlink_to("first.csv")
    with written_whole(second) as unfinished:
        assert unfinished.suffix == ".csv"
        assert unfinished.parent.parent == target.parent
        unfinished.write_text("new")
    assert second.is_symlink()
    assert first.is_symlink()
    assert target.read_text() == "new"
    assert not target.is_symlink()
    assert not exists or mode(target) == 0o600
    assert list((tmp_path / "far").iterdir()) == [target]


def test_what_is_no_ordinary_file_is_refused_and_stays(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "nowhere").symlink_to(os.devnull)
    (tmp_path / "round").symlink_to("about")
    (tmp_path / "about").symlink_to("round")
    (tmp_path / "file").write_text("old")
    for name, message in {
        "pipe": "pipe is no ordinary file but a pipe",
        "nowhere": "nowhere is no ordinary file but a device",
        "round": "round can't be written",
        "file/x.csv": "x.csv can't be written: Not a directory",
        "no/x.csv": "There is no folder",
        ".": "is a folder",
        "x" * 300 + ".csv": r"\.\.\.x+\.csv can't be written: File name too long",
    }.items():
        with pytest.raises(ValueError, match=message), written_whole(tmp_path / name):
            raise AssertionError("nothing is written")
    assert stat.S_ISFIFO(os.stat(tmp_path / "pipe").st_mode)
    assert os.path.realpath(tmp_path / "nowhere") == os.devnull
    left = {"pipe", "nowhere", "round", "about", "file"}
    assert {path.name for path in tmp_path.iterdir()} == left
    with pytest.raises(ValueError, match=r"/proc/x\.csv can't be written"):
        check_output("/proc/x.csv")  # a folder in which nobody makes files


def test_a_write_protected_file_is_left_alone(tmp_path, monkeypatch):
    path = tmp_path / "kept.csv"
    path.write_text("old")
    path.chmod(0o444)
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # as to those who aren't root
    with pytest.raises(ValueError, match=r"kept\.csv is write-protected"):
        write(path)
    assert path.read_text() == "old"


@pytest.mark.parametrize(
    ("path", "error", "message"),
    [
        ("", ValueError, "'' names no file"),
        ("results/", ValueError, "'results/' names no file"),
        ("a\0b", ValueError, "null character"),
        (3, TypeError, "path=3 must be text or a Path"),
        (b"x.csv", TypeError, "must be text or a Path"),
        (None, TypeError, "path=None"),
    ],
)
def test_what_names_no_file_is_refused(path, error, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=message):
        check_output(path)


def test_an_output_that_is_an_input_or_another_output_is_refused(tmp_path):
    (tmp_path / "d.csv").write_text("data")
    os.link(tmp_path / "d.csv", tmp_path / "hard.csv")
    (tmp_path / "soft.csv").symlink_to("d.csv")
    (tmp_path / "dangling.csv").symlink_to("f.csv")
    inputs = {"FILE": tmp_path / "d.csv", "MODEL": None}
    for name in ("d.csv", "hard.csv", "soft.csv", "../" + tmp_path.name + "/d.csv"):
        with pytest.raises(ValueError, match=r"--out .* is the same file as FILE '.*d\.csv'"):
            check_outputs({"--out": tmp_path / name}, inputs)
    same = {"--out": tmp_path / "f.csv", "--plot": None, "--save": tmp_path / "dangling.csv"}
    with pytest.raises(ValueError, match=r"--save .* is the same file as --out"):
        check_outputs(same, inputs)
    check_outputs({"--out": tmp_path / "f.csv", "--save": tmp_path / "m.skops"}, inputs)
    assert (tmp_path / "d.csv").read_text() == "data"
    assert not (tmp_path / "f.csv").exists()


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError, None])
def test_several_files_appear_together_or_not_at_all(error, tmp_path):
    (tmp_path / "a.csv").write_text("old")
    with (
        pytest.raises(error) if error else nullcontext(),
        written_together(tmp_path / "a.csv", None, tmp_path / "b.png") as (a, none, b),
    ):
        assert none is None
        a.write_text("new")
        assert (tmp_path / "a.csv").read_text() == "old"
        b.write_text("picture")
        if error:
            raise error
    found = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert found == ({"a.csv": "old"} if error else {"a.csv": "new", "b.png": "picture"})


@pytest.mark.parametrize("stream", [0, 1, 2])
@pytest.mark.parametrize("is_linked", [True, False])
def test_the_file_that_a_program_prints_to_is_refused(stream, is_linked, tmp_path):
    path = tmp_path / "log.txt"
    name = f"/dev/fd/{stream}" if is_linked else path
    kept = os.dup(stream)
    try:
        with path.open("w+") as file:
            os.dup2(file.fileno(), stream)
            with pytest.raises(ValueError, match="is where this program prints"):
                check_output(name)
    finally:
        os.dup2(kept, stream)
        os.close(kept)
    check_output(path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_pipe_that_has_a_name_of_the_system_alone_is_refused():
    reading, writing = os.pipe()
    try:
        with pytest.raises(ValueError, match="no ordinary file but a pipe"):
            check_output(f"/dev/fd/{writing}")
    finally:
        os.close(reading)
        os.close(writing)
