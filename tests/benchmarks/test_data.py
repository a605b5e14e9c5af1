"""The list of the public series: what a folder holds, and what can be fetched into it."""

import gzip
import hashlib
import os
import subprocess
import sys

import pytest

from benchmarks.classify.sets import PREFIX, SETS
from benchmarks.data import __main__ as command
from benchmarks.data import fetch as fetching
from benchmarks.data.folder import BESIDE_THE_PROJECT, VARIABLE, find_folder
from benchmarks.data.sources import BUNDLED, Source, read_sources
from benchmarks.skill import many
from benchmarks.skill.rows import ROWS

SOURCES = {source.file: source for source in read_sources()}


def a_source(content, file="some/months.csv", **facts):
    given = {
        "origin": "them",
        "licence": "none stated",
        "changed": "",
        "fetch": "",
        "rows": "airline",
    }
    digest = hashlib.sha256(content).hexdigest()
    return Source(file=file, sha256=digest, **given | facts)


def test_the_list_names_origin_and_licence_of_every_file():
    for source in SOURCES.values():
        assert len(bytes.fromhex(source.sha256)) == 32
        assert source.origin
        assert source.licence
        assert source.fetch in ("", BUNDLED) or source.fetch.startswith("https://")
    assert [s.file for s in SOURCES.values() if s.fetch == BUNDLED] == ["seattle_weather.csv"]


def test_every_row_of_the_benchmark_has_its_file():
    named = {name for source in SOURCES.values() for name in source.rows.split(", ")} - {""}
    rows = {"etth1-*" if name.startswith("etth1-") else name for name in ROWS}
    sets = {f"{PREFIX}{name}" for name in SETS}
    assert named == rows | sets | {"ablation", "many-*", *many.names()}


def test_the_folder_of_real_series_is_the_listed_one(real_series, capsys):
    assert command.main(["--check", "--folder", str(real_series)]) == 0


def test_the_environment_names_the_folder(tmp_path, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert find_folder() == BESIDE_THE_PROJECT
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert find_folder() == tmp_path
    code = "from benchmarks.skill import files; print(files.FOLDER)"
    env = os.environ | {VARIABLE: str(tmp_path)}
    ran = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert ran.stdout.strip() == str(tmp_path)


def test_a_folder_is_checked_byte_for_byte(tmp_path, monkeypatch, capsys):
    rows = a_source(b"a", "rows.csv"), a_source(b"b", "unused.csv", rows="")
    monkeypatch.setattr(command, "read_sources", lambda: rows)
    check = ["--check", "--folder", str(tmp_path)]
    assert command.main(check) == 1  # what a row reads is absent
    (tmp_path / "rows.csv").write_bytes(b"a")
    assert command.main(check) == 0
    (tmp_path / "unused.csv").write_bytes(b"c")
    assert command.main(check) == 1
    assert command.main([*check, "rows.csv"]) == 0
    states = [line.split()[0] for line in capsys.readouterr().out.splitlines() if ".csv" in line]
    assert states == ["absent", "absent", "ok", "absent", "ok", "differs", "ok"]


def test_what_is_fetched_is_what_the_list_says_or_nothing(tmp_path):
    ours = b"month,sales\n1-01,266.0\n"
    theirs = b'"Month","Sales"\r\n"1-01",266.0'
    source = a_source(ours, fetch="https://example.org/months.csv", changed="quotes left out")
    fetching.fetch(source, tmp_path, read={source.fetch: theirs}.get)
    assert (tmp_path / source.file).read_bytes() == ours
    assert source.state(tmp_path) == "ok"
    as_it_is = a_source(theirs, "as_it_is.csv", fetch=source.fetch)
    fetching.fetch(as_it_is, tmp_path, read={source.fetch: theirs}.get)
    assert as_it_is.state(tmp_path) == "ok"
    other = a_source(ours, "other.csv", fetch=source.fetch)
    with pytest.raises(ValueError, match=r"example.org/months.csv has changed: SHA-256 is"):
        fetching.fetch(other, tmp_path, read=lambda address: gzip.compress(ours))
    assert other.state(tmp_path) == "absent"
    with pytest.raises(ValueError, match=r"made by hand from them \(joined\)"):
        fetching.fetch(a_source(ours, changed="joined"), tmp_path)


def test_without_a_network_the_bundled_file_comes_and_the_rest_is_said(
    tmp_path, monkeypatch, capsys
):
    def unreachable(address):
        raise OSError("no route to host")

    monkeypatch.setattr(fetching, "download", unreachable)
    names = ["seattle_weather.csv", "beijing_pm25.csv"]
    folder = ["--folder", str(tmp_path)]
    assert command.main([*names, "--fetch", *folder]) == 0
    assert [path.name for path in tmp_path.iterdir()] == names[:1]
    assert SOURCES[names[0]].state(tmp_path) == "ok"
    assert "made by hand" in capsys.readouterr().out
    assert command.main(["ETTh1.csv", "--fetch", *folder]) == 1
    said = capsys.readouterr().out
    assert "ETTh1.csv: not fetched: no route to host" in said
    assert VARIABLE in said


def test_the_list_is_what_is_shown(capsys):
    assert command.main(["ETTh1.csv"]) == 0
    said = capsys.readouterr().out
    assert SOURCES["ETTh1.csv"].sha256 in said
    assert "CC BY-ND 4.0" in said
    with pytest.raises(SystemExit):
        command.main(["ETTh2.csv"])
    assert "no file ETTh2.csv; there are" in capsys.readouterr().err
