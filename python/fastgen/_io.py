"""Saving and loading. No pickle: a zip archive of a JSON header and little-endian .npy arrays.

    fastgen.json                 format and version, families in order, their variants and array names
    weights.npy                  (K,)
    components.<i>.<name>.npy    the arrays of block i, as its family's `_state` names them

Everything read back goes through the same checks as a constructor's arguments. Arrays are stored, not recomputed, so
a loaded mixture gives the same bits as the saved one.
"""

from __future__ import annotations

import errno
import math
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _core
from ._blocks import as_blocks
from ._validate import NON_NEGATIVE, as_parameter, as_path, shown
from .families.base import REGISTRY, restore
from .mixture import Mixture

if TYPE_CHECKING:
    import zipfile

    from ._validate import FloatArray, Path
    from .families.base import Components

__all__ = ["load", "save_mixture"]

_FORMAT = "fastgen mixture"
_VERSION = 1
_HEADER = "fastgen.json"
_LITTLE_ENDIAN = np.dtype("<f8")
# Saved weights sum to 1 within rounding; a file in which they do not is damaged.
_SUM_TOLERANCE = 1e-9


# Writing


def save_mixture(mixture: Mixture, path: Path) -> None:
    """Write the mixture to a new file and put it in place in one step."""
    import json
    import secrets
    import stat

    # A link is followed, so that what it points to is replaced and not the link itself.
    path = as_path(path)
    if not path:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    if path.endswith(os.sep):  # the name of a folder, of which what follows would drop the end
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    target = os.path.realpath(path)
    arrays = {"weights": mixture.weights}
    blocks = []
    for i, block in enumerate(mixture._blocks):
        state = block._state()
        arrays.update({f"components.{i}.{name}": array for name, array in state.items()})
        blocks.append({"family": type(block).__name__, "variant": block._variant, "arrays": sorted(state)})
    header = {
        "format": _FORMAT,
        "format_version": _VERSION,
        "fastgen_version": _core.version,
        "n_components": mixture.n_components,
        "n_features": mixture.n_features,
        "components": blocks,
    }
    old = os.stat(target) if os.path.exists(target) else None
    if old is not None and not (stat.S_ISREG(old.st_mode) or stat.S_ISDIR(old.st_mode)):
        raise OSError(errno.EINVAL, "path is not a regular file and will not be replaced", target)
    folder = os.path.dirname(target)
    temporary = os.path.join(folder, f".fastgen-{secrets.token_hex(8)}.tmp")  # no longer than names may be
    try:
        with open(temporary, "xb") as file:
            _write_archive(file, json.dumps(header, indent=1), arrays)
            file.flush()
            os.fsync(file.fileno())
        if old is not None:
            os.chmod(temporary, stat.S_IMODE(old.st_mode))
        os.replace(temporary, target)
    except BaseException as error:
        if os.path.exists(temporary):
            os.unlink(temporary)
        if isinstance(error, OSError):
            # Name the file that was asked for, not the temporary one.
            raise OSError(error.errno, error.strerror, target) from None
        raise


def _write_archive(file: Any, header: str, arrays: dict[str, FloatArray]) -> None:
    import zipfile

    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        # ZipInfo's fixed date makes equal mixtures equal files.
        archive.writestr(zipfile.ZipInfo(_HEADER), header)
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array.astype(_LITTLE_ENDIAN), allow_pickle=False)


# Reading


def load(path: Path) -> Mixture:
    """Read a mixture that `Mixture.save` wrote.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    Mixture
        A mixture equal to the saved one, giving the same bits.

    Raises
    ------
    OSError
        If the file cannot be opened.
    ValueError
        If it is not such a file, is damaged, or was written in a newer format.

    See Also
    --------
    Mixture.save : Write the file.

    Notes
    -----
    The file holds numbers and names only; loading one from an untrusted source runs no code.

    Examples
    --------
    >>> import os, tempfile
    >>> import fastgen as fg
    >>> m = fg.Mixture(None, fg.MultivariateNormal([[0.0, 0.0], [3.0, 1.0]], 1.0, "spherical"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     m.save(os.path.join(folder, "model.fastgen"))
    ...     fg.load(os.path.join(folder, "model.fastgen")) == m
    True
    """
    import zipfile
    import zlib

    path = as_path(path)
    with open(path, "rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                return _read_archive(archive, os.fstat(file.fileno()).st_size)
        except _NewerFormat as error:
            raise ValueError(f"{path!r} {error}") from None
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            KeyError,
            IndexError,
            TypeError,
            ValueError,
            AttributeError,
            NotImplementedError,
            MemoryError,
            OverflowError,
            RuntimeError,
            RecursionError,
            OSError,
        ) as error:
            # Damaged offsets point before the beginning of the file; other failures to read are not the file's fault.
            if isinstance(error, OSError) and error.errno != errno.EINVAL:
                raise
            # Whatever is wrong inside, the user's remedy is the same.
            detail = f"it lacks {error.args[0]!r}" if isinstance(error, KeyError) and error.args else error
            raise ValueError(
                f"{path!r} is not a mixture saved by fastgen, or is damaged: {detail}; save it again with Mixture.save"
            ) from error


class _NewerFormat(Exception):
    """The file is whole but from a later version."""


def _read_archive(archive: zipfile.ZipFile, size: int) -> Mixture:
    import json

    # Members are stored as they are: one that claims to be larger than the file would only exhaust memory.
    for member in archive.infolist():
        if member.file_size > size:
            raise ValueError(f"{member.filename} claims {member.file_size} bytes in a file of {size}")
    header = json.loads(archive.read(_HEADER))
    if not isinstance(header, dict) or header.get("format") != _FORMAT:
        raise ValueError("its header names another format")
    version = header["format_version"]
    if not isinstance(version, int) or version < 1:
        raise ValueError(f"its format version is {version!r}")
    if version > _VERSION:
        raise _NewerFormat(
            f"has format version {version}, written by fastgen {header.get('fastgen_version')}; this fastgen "
            f"{_core.version} reads up to version {_VERSION}: upgrade it"
        )
    blocks = as_blocks([_read_block(archive, i, entry) for i, entry in enumerate(header["components"])])
    weights = as_parameter(_read_array(archive, "weights"), "weights", NON_NEGATIVE)
    n_components = sum(len(block) for block in blocks)
    if weights.shape != (n_components,):
        raise ValueError(f"weights has shape {weights.shape}, expected {(n_components,)}")
    if abs(math.fsum(weights.tolist()) - 1) > _SUM_TOLERANCE:
        raise ValueError("the weights do not sum to 1")
    mixture = Mixture._make(weights, blocks)
    for name in ("n_components", "n_features"):
        found, expected = header[name], getattr(mixture, name)
        if type(found) is not int or found != expected:
            raise ValueError(f"its header says that {name} is {shown(found)}, its arrays that it is {expected}")
    return mixture


def _read_block(archive: zipfile.ZipFile, i: int, entry: dict[str, Any]) -> Components:
    family = entry["family"]
    if family not in REGISTRY:
        raise _NewerFormat(
            f"holds components of the family {family!r}, which fastgen {_core.version} does not have; it has "
            f"{', '.join(REGISTRY)}: upgrade it"
        )
    state = {name: _read_array(archive, f"components.{i}.{name}") for name in entry["arrays"]}
    return restore(family, entry["variant"], state)


def _read_array(archive: zipfile.ZipFile, name: str) -> FloatArray:
    from io import BytesIO

    # The whole member at once: reading to its end is what checks its checksum.
    data = BytesIO(archive.read(f"{name}.npy"))
    array = np.lib.format.read_array(data, allow_pickle=False)
    if array.dtype != _LITTLE_ENDIAN:
        raise ValueError(f"{name} has type {array.dtype}, expected {_LITTLE_ENDIAN}")
    return array.astype(np.float64)
