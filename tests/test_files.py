"""Saving, pickling, comparing."""

from __future__ import annotations

import copy
import errno
import json
import os
import pickle
import zipfile

import cases
import fastgen as fg
import numpy as np
import pytest
from helpers import assert_same_bits


@pytest.mark.parametrize("case", cases.SMALL_CASES, ids=repr)
def test_round_trips(case, tmp_path):
    """Saved and loaded, pickled, copied: equal, and the same bits from every method and every seed."""
    m = case.mixture()
    path = tmp_path / "a model.with dots"
    m.save(path)
    x = case.points(50)
    results = [fg.load(path), fg.load(str(path)), copy.copy(m), copy.deepcopy(m)]
    results += [pickle.loads(pickle.dumps(m, protocol)) for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1)]
    for other in results:
        assert other == m
        assert hash(other) == hash(m)
        assert repr(other) == repr(m)
        assert_same_bits(other.weights, m.weights)
        for method in ("log_prob", "responsibilities", "assign" if case.discrete else "grad_log_prob"):
            assert_same_bits(getattr(other, method)(x), getattr(m, method)(x))
        assert_same_bits(other.sample(100, rng=1), m.sample(100, rng=1))
        with pytest.raises(ValueError, match="read-only"):
            other.weights[0] = 1
    assert m != case_with_other_weights(m)
    # Marginals and conditionals have factors that no constructor made.
    if not (case.scalar or case.surface):
        part = m.condition([1], [0.5])
        part.save(path)  # replaces
        assert fg.load(path) == part
        assert_same_bits(fg.load(path).sample(20, rng=1), part.sample(20, rng=1))
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def case_with_other_weights(m):
    return fg.Mixture(m.weights[::-1] + 0.01 * np.arange(len(m.weights)), m.components)


def test_saved_file_is_plain(tmp_path):
    """Readable without fastgen, with no pickle in it; equal mixtures make equal files."""
    m = cases.SMALL_CASES[1].mixture()
    m.save(tmp_path / "a")
    m.save(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    with zipfile.ZipFile(tmp_path / "a") as archive:
        header = json.loads(archive.read("fastgen.json"))
    assert header["n_components"] == 3
    with np.load(tmp_path / "a", allow_pickle=False) as arrays:
        assert_same_bits(arrays["weights"], m.weights)


DAMAGES = {
    "empty": lambda data: b"",
    "text": lambda data: b"this is no model",
    "cut off": lambda data: data[: len(data) // 2],
    "one byte": lambda data: flipped(data, 0.25),
    "another byte": lambda data: flipped(data, 0.5),
}


def flipped(data, where):
    i = int(len(data) * where)
    return data[:i] + bytes([data[i] ^ 0xFF]) + data[i + 1 :]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_files(damage, tmp_path):
    cases.SMALL_CASES[1].mixture().save(tmp_path / "model")
    (tmp_path / "model").write_bytes(DAMAGES[damage]((tmp_path / "model").read_bytes()))
    with pytest.raises(ValueError, match=r"model' is not a mixture saved by fastgen, or is damaged: .*; save it again"):
        fg.load(tmp_path / "model")


def rewritten(path, change):
    """The archive with members changed by change(name, bytes) (None drops one)."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            new = change(name, data)
            if new is not None:
                archive.writestr(name, new)


def array_bytes(values):
    from io import BytesIO

    stream = BytesIO()
    np.save(stream, np.asarray(values))
    return stream.getvalue()


FORGERIES = {
    "weights negative": ("weights.npy", lambda _: array_bytes([1.5, -0.25, -0.25])),
    "weights too few": ("weights.npy", lambda _: array_bytes([0.5, 0.5])),
    "weights do not sum to 1": ("weights.npy", lambda _: array_bytes([0.5, 0.5, 0.5])),
    "weights missing": ("weights.npy", lambda _: None),
    "objects": ("weights.npy", lambda _: pickled_array()),
    "nan": ("components.0.means.npy", lambda _: array_bytes(np.full((3, 3), np.nan))),
    "shape": ("components.0.means.npy", lambda _: array_bytes(np.zeros((3, 2)))),
    "factor": ("components.0.factor.npy", lambda _: array_bytes(-np.stack([np.eye(3)] * 3))),
    "family": ("fastgen.json", lambda b: b.replace(b'"MultivariateNormal"', b'"Levy"')),
    "variant": ("fastgen.json", lambda b: b.replace(b'"full"', b'"round"')),
    "header": ("fastgen.json", lambda b: b"[]"),
    "n_components": ("fastgen.json", lambda b: b.replace(b'"n_components": 3', b'"n_components": 4')),
    "n_features": ("fastgen.json", lambda b: b.replace(b'"n_features": 3', b'"n_features": 3.0')),
    "n_features missing": ("fastgen.json", lambda b: b.replace(b'"n_features"', b'"n_feature"')),
    "another format": ("fastgen.json", lambda b: b.replace(b"fastgen mixture", b"something else")),
}


def pickled_array():
    from io import BytesIO

    stream = BytesIO()
    np.save(stream, np.array([print, None, {}], object), allow_pickle=True)
    return stream.getvalue()


@pytest.mark.parametrize("forgery", FORGERIES)
def test_forged_files(forgery, tmp_path):
    """What is read is checked like a constructor's arguments; nothing in a file can run."""
    target, change = FORGERIES[forgery]
    path = tmp_path / "model"
    cases.SMALL_CASES[1].mixture().save(path)
    rewritten(path, lambda name, data: change(data) if name == target else data)
    with pytest.raises(ValueError, match="model'"):
        fg.load(path)


def test_cut_files(tmp_path):
    """Bytes missing from anywhere: the one error, or the same mixture where they carried nothing."""
    path, rng = tmp_path / "m", np.random.default_rng(1)
    for case in cases.SMALL_CASES[:3]:
        m = case.mixture()
        m.save(path)
        whole = path.read_bytes()
        for begin, end in np.sort(rng.integers(len(whole), size=(200, 2)), axis=1).tolist():
            path.write_bytes(whole[:begin] + whole[end:])
            try:
                assert fg.load(path) == m
            except ValueError as error:
                assert "is not a mixture saved by fastgen, or is damaged" in str(error)  # noqa: PT017


def test_newer_format(tmp_path):
    path = tmp_path / "model"
    cases.SMALL_CASES[1].mixture().save(path)
    rewritten(path, lambda name, data: data.replace(b'"format_version": 1', b'"format_version": 99'))
    with pytest.raises(ValueError, match=r"format version 99.*upgrade"):
        fg.load(path)


def test_save_is_whole_or_nothing(tmp_path, monkeypatch):
    """A failure while writing leaves the old file as it was, and no other."""
    path = tmp_path / "model"
    old, new = cases.SMALL_CASES[0].mixture(), cases.SMALL_CASES[1].mixture()
    old.save(path)

    def fail(*_args, **_kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np.lib.format, "write_array", fail)
    with pytest.raises(OSError, match=r"No space left on device.*model"):
        new.save(path)
    monkeypatch.undo()
    assert fg.load(path) == old
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_is_no_file(tmp_path):
    """A path that ends like a folder's is not taken for a file's, as `open` has it."""
    for path in (tmp_path / "new", tmp_path / "old"):
        if path.name == "old":
            path.write_bytes(b"kept")
        with pytest.raises(IsADirectoryError):
            fg.Mixture(None, fg.Normal([0.0], [1.0])).save(f"{path}{os.sep}")
    assert [p.name for p in tmp_path.iterdir()] == ["old"]
    assert (tmp_path / "old").read_bytes() == b"kept"


def test_results_and_streams_pickle():
    r = fg.fit(np.arange(20.0), 1)
    again = pickle.loads(pickle.dumps(r))
    assert again.mixture == r.mixture
    assert_same_bits(again.history, r.history)
    assert (again.aic, again.n_iter, again.converged) == (r.aic, r.n_iter, r.converged)
    assert again == r
    states = []
    fg.fit(np.arange(20.0), 1, callback=states.append)
    assert pickle.loads(pickle.dumps(states[0])).mixture == states[0].mixture
    for stream in (fg.Stream(7), fg.Stream([1, 2]), fg.Stream(7).spawn(2)[1], fg.Stream()):
        assert pickle.loads(pickle.dumps(stream)) == stream
        assert copy.deepcopy(stream).key == stream.key
