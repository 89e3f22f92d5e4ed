"""How many output shapes onnx's own inference finds in the standard's cases: the measure of test/ops/onnx/inference.test.ts.

    python scripts/onnx-inference.py           (onnx 1.23.1)

Declared shapes of outputs and of everything between are stripped; the inputs are left as they are, or (second line) all
but the first become initializers with the data of the case. The figures are recorded in docs/onnx.md.
"""
import pathlib
import tarfile

import onnx
from onnx import shape_inference

ARCHIVE = pathlib.Path(__file__).parent.parent / "fixtures/onnx-standard/cases.tar.gz"


def read():
    """(model, input bytes, output bytes) of every case that has data."""
    cases = {}
    with tarfile.open(ARCHIVE) as tar:
        for entry in tar.getmembers():
            if not (entry.isfile() or entry.islnk()):
                continue
            for part in ("/model.onnx", "/test_data_set_0/"):
                at = entry.name.find(part)
                if at > 0:
                    cases.setdefault(entry.name[:at], {})[entry.name[at + 1 :]] = tar.extractfile(entry).read()
    return cases


def strip(graph):
    del graph.value_info[:]
    for node in graph.node:
        for a in node.attribute:
            for g in [a.g] if a.HasField("g") else []:
                strip(g)


def judge(kind, wanted):
    """exact, open or wrong: the inferred TypeProto against the value that came out."""
    which = kind.WhichOneof("value")
    if isinstance(wanted, onnx.TensorProto):
        if which is None:
            return "open"
        if which != "tensor_type" or kind.tensor_type.elem_type not in (0, wanted.data_type):
            return "wrong"
        if not kind.tensor_type.HasField("shape"):
            return "open"
        dims = kind.tensor_type.shape.dim
        if len(dims) != len(wanted.dims):
            return "wrong"
        if any(d.HasField("dim_value") and d.dim_value != w for d, w in zip(dims, wanted.dims)):
            return "wrong"
        return "exact" if all(d.HasField("dim_value") for d in dims) else "open"
    if isinstance(wanted, onnx.SequenceProto):
        if which is None:
            return "open"
        if which != "sequence_type":
            return "wrong"
        items = [judge(kind.sequence_type.elem_type, t) for t in wanted.tensor_values]
        if "wrong" in items:
            return "wrong"
        alike = len({tuple(t.dims) for t in wanted.tensor_values}) <= 1
        return "open" if alike and "open" in items else "exact"
    if which is None:
        return "open"
    if which != "optional_type":
        return "wrong"
    inner = wanted.tensor_value if wanted.elem_type == onnx.OptionalProto.TENSOR else wanted.sequence_value
    return "exact" if wanted.elem_type == 0 else judge(kind.optional_type.elem_type, inner)


def value(data, kind):
    proto = {"sequence_type": onnx.SequenceProto, "optional_type": onnx.OptionalProto}.get(kind.WhichOneof("value"), onnx.TensorProto)()
    proto.ParseFromString(data)
    return proto


def measure(cases, constant):
    found = {"exact": 0, "open": 0, "wrong": 0}
    for path, files in cases.items():
        if "test_data_set_0/output_0.pb" not in files:
            continue
        model = onnx.load_from_string(files["model.onnx"])
        wanted = [value(files[f"test_data_set_0/output_{i}.pb"], o.type) for i, o in enumerate(model.graph.output)]
        strip(model.graph)
        # An output keeps its name alone.
        outputs = [onnx.ValueInfoProto(name=o.name) for o in model.graph.output]
        del model.graph.output[:]
        model.graph.output.extend(outputs)
        if constant:
            inputs = list(model.graph.input)
            del model.graph.input[:]
            for i, p in enumerate(inputs):
                data = files.get(f"test_data_set_0/input_{i}.pb")
                if i > 0 and data is not None and p.type.HasField("tensor_type"):
                    tensor = value(data, p.type)
                    tensor.name = p.name
                    model.graph.initializer.append(tensor)
                else:
                    model.graph.input.append(p)
        try:
            inferred = shape_inference.infer_shapes(model, data_prop=True)
        except Exception:
            found["open"] += len(wanted)
            continue
        for o, w in zip(inferred.graph.output, wanted):
            found[judge(o.type, w)] += 1
    return found


cases = read()
for title, constant in (("inputs that may be anything", False), ("inputs but the first constant", True)):
    found = measure(cases, constant)
    print(f"{title}: {100 * found['exact'] / sum(found.values()):.1f} % exact of {sum(found.values())}: {found}")
