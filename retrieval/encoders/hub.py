"""Files of the Hugging Face hub: from the local cache where they are there, else downloaded.

The hub's client retries for about 50 seconds before it says that there is no network, so that is asked first, once
and briefly. What is in the cache is used as it is: no request is made for it.
"""

from __future__ import annotations

import http.client
import queue
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from retrieval.encoders.messages import first_line
from retrieval.errors import ModelError

PATIENCE_S = 5.0


def fetch(repo: str, names: Sequence[str], *, wanted: str, remedy: str) -> Path:
    """The first of the files `names` that repository `repo` has, as a local path.

    `wanted` and `remedy` complete the message of the `ModelError` that says that it cannot be had.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import RemoteEntryNotFoundError

    if cached := find_cached(repo, names):
        return cached
    with _explained(repo, wanted=wanted, remedy=remedy):
        for name in names:
            try:
                return Path(hf_hub_download(repo, name))
            except RemoteEntryNotFoundError:
                continue
    raise ModelError(f"cannot get {wanted}: the repository {repo} has none of {', '.join(names)}. {remedy}")


def fetch_folder(repo: str, names: Sequence[str], *, wanted: str, remedy: str) -> Path:
    """A folder with those of the files `names` that the repository has; the first is in every complete copy."""
    from huggingface_hub import snapshot_download

    if cached := find_cached(repo, names[:1]):
        return cached.parent
    with _explained(repo, wanted=wanted, remedy=remedy):
        folder = snapshot_download(repo, allow_patterns=list(names))
    return Path(folder)


def find_cached(repo: str, names: Sequence[str]) -> Path | None:
    """The first of these files of a repository that the local cache has."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    for name in names:
        try:
            found = try_to_load_from_cache(repo, name)
        except HFValidationError as error:
            raise ModelError(f"{repo!r} is not a repository of the Hugging Face hub: expected OWNER/NAME") from error
        if isinstance(found, str):
            return Path(found)
    return None


def is_reachable(url: str, *, patience_s: float = PATIENCE_S) -> bool:
    """Whether an HTTP server answers there, whatever it answers; proxies of the environment are used.

    Runs in a thread of its own, because looking up a name can take longer than any time-out that one can give.
    """
    answers: queue.SimpleQueue[bool] = queue.SimpleQueue()
    threading.Thread(target=lambda: answers.put(_answers(url, patience_s)), daemon=True).start()
    try:
        return answers.get(timeout=patience_s)
    except queue.Empty:
        return False


def _answers(url: str, patience_s: float) -> bool:
    request = urllib.request.Request(url, method="HEAD")  # noqa: S310 - the hub's own address
    try:
        urllib.request.urlopen(request, timeout=patience_s).close()  # noqa: S310
    except (urllib.error.HTTPError, http.client.HTTPException):
        return True
    except urllib.error.URLError as error:
        return isinstance(error.reason, ssl.SSLError)  # an answer of a kind; the client says more about it
    except OSError:
        return False
    return True


@contextmanager
def _explained(repo: str, *, wanted: str, remedy: str) -> Iterator[None]:
    """Check that there is a way to the hub, then turn what its client raises into one sentence."""
    import httpx2
    from huggingface_hub import constants

    if constants.is_offline_mode():
        raise ModelError(f"cannot get {wanted}: HF_HUB_OFFLINE is set and it is not in the cache. {remedy}")
    if not is_reachable(constants.ENDPOINT):
        raise ModelError(
            f"cannot get {wanted}: it is not in the Hugging Face cache and {constants.ENDPOINT} cannot be reached. "
            f"{remedy}"
        )
    try:
        yield
    except (OSError, ValueError, httpx2.HTTPError) as error:
        reason = first_line(error)
        raise ModelError(f"cannot get {wanted}: the download from {repo} failed: {reason}. {remedy}") from error
