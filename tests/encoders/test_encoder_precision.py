import numpy as np
import pytest
import torch

from retrieval.encoders.devices import choose_device
from retrieval.encoders.precision import choose_precision, fidelity
from retrieval.errors import ModelError

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [
        ({"avx512_bf16": True}, "bf16"),
        ({"amx_bf16": True}, "bf16"),
        ({"avx512_f": True, "avx2": True}, "fp32"),
        ({}, "fp32"),
    ],
)
def test_auto_goes_by_the_processor(capabilities, expected, monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    assert choose_precision("auto", CPU) == expected


@pytest.mark.parametrize(("capability", "expected"), [((7, 5), "fp32"), ((8, 0), "bf16"), ((9, 0), "bf16")])
def test_auto_goes_by_the_generation_of_the_gpu(capability, expected, monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert choose_precision("auto", torch.device("cuda")) == expected


def test_explicit_precisions_are_honoured_where_they_exist():
    assert [choose_precision(name, CPU) for name in ("fp32", "bf16")] == ["fp32", "bf16"]
    assert choose_precision("fp16", torch.device("cuda")) == "fp16"
    with pytest.raises(ModelError, match="fp16 needs a CUDA device, not cpu"):
        choose_precision("fp16", CPU)
    with pytest.raises(ModelError, match="unknown precision 'int8': use auto, fp32, bf16, fp16"):
        choose_precision("int8", CPU)


def test_fidelity_is_centred():
    """(1, d) against (1, e): by hand, the plain cosine is near 1 and the centred one is that of d and e."""
    reference = np.array([[1, 0.1, 0], [1, -0.1, 0]], np.float32)
    turned = np.array([[1, 0, 0.1], [1, 0, -0.1]], np.float32)
    assert fidelity(reference, reference) == pytest.approx(1)
    assert fidelity(turned, reference) == pytest.approx(0, abs=1e-6)


def test_fidelity_of_embeddings_that_are_all_the_same_is_the_plain_cosine():
    same = np.tile(np.array([[0.6, 0.8]], np.float32), (3, 1))
    assert fidelity(same + np.float32(1e-4), same) > 0.999
    assert fidelity(-same, same) == pytest.approx(-1)


def test_fidelity_is_that_of_the_worst_row_and_never_of_nan():
    reference = np.eye(3, dtype=np.float32)
    worst = reference.copy()
    worst[2] = reference[1]
    assert fidelity(worst, reference) < 0
    worst[2] = np.nan
    assert fidelity(worst, reference) == -1


def test_devices():
    assert choose_device("cpu") == CPU
    assert choose_device(None).type in {"cuda", "mps", "cpu"}
    with pytest.raises(ModelError, match=r"'abacus' is not a torch device; here there are: .*cpu"):
        choose_device("abacus")


def test_a_device_that_is_not_there(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ModelError, match=r"there is no device 'cuda:1' on this machine; here there are: .*cpu"):
        choose_device("cuda:1")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert choose_device("cuda:0") == torch.device("cuda:0")
    assert choose_device(None) == torch.device("cuda")
    with pytest.raises(ModelError, match="there is no device 'cuda:1': this machine has 1 CUDA devices"):
        choose_device("cuda:1")
