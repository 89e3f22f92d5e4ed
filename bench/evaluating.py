"""The other side of evaluating.ts: numpy's product, and the standard's reference implementation in Python.

    python evaluating.py <a model of trees> <rows>

prints one line of JSON: milliseconds by name, the median of some runs each.
"""

import json
import statistics
import sys
import time

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator
from onnx.reference.ops.op_conv import _conv_implementation

rng = np.random.default_rng(1)


def some(*shape):
    return rng.random(shape, dtype=np.float32)


def median(call, times):
    call()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken)


def conv(x, w, stride, pad):
    window = [w.shape[2], w.shape[3]]
    return lambda: _conv_implementation(x, w, None, "NOTSET", [1, 1], 1, window, [pad] * 4, [stride] * 2)


a, b = some(512, 512), some(512, 512)
trees = ReferenceEvaluator(sys.argv[1])
rows = {trees.input_names[0]: some(int(sys.argv[2]), 20)}
print(
    json.dumps(
        {
            "version": f"onnx {onnx.__version__}, numpy {np.__version__}",
            "product": median(lambda: a @ b, 20),
            "wide": median(conv(some(1, 3, 224, 224), some(64, 3, 7, 7), 2, 3), 5),
            "deep": median(conv(some(1, 64, 56, 56), some(64, 64, 3, 3), 1, 1), 5),
            "trees": median(lambda: trees.run(None, rows), 1),
        }
    )
)
