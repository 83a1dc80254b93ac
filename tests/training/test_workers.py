import subprocess
import sys

SCRIPT = """
import time
import numpy as np
from retrieval.training.data import batches

class Wordy:
    def batch(self, step):
        return np.zeros((2, 4, 4, 3), np.uint8), [f"{i} a caption of some length " * 4 for i in range(256)]

stream = batches(Wordy(), start=0, stop=100, workers=1)
next(stream)
time.sleep(2)  # until the worker waits for a place in the pipe
print("ready", flush=True)
time.sleep(100)
"""


def test_a_worker_ends_with_a_killed_run():
    run = subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE)
    assert run.stdout.readline() == b"ready\n"
    run.kill()
    run.communicate(timeout=20)  # the worker has the same output, which ends when it does
