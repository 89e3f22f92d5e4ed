"""Scores the documents that write.ts left in a folder with other PMML engines, and compares with the library's predictions.

    pip install pypmml==1.5.8 jpmml_evaluator==0.16.0 jpype1 pandas     (and Java 11 or newer)
    python scripts/engines/score.py <folder> pmml4s|jpmml [part of a name]

Numbers may be 1e-4 apart (relative to 1 + |expected|): neither engine rounds every step to single precision.
"""

import csv
import glob
import os
import sys
import warnings

warnings.filterwarnings("ignore")


def cell(text):
    if text in ("", "NA", "nan"):
        return None
    try:
        return float(text)
    except ValueError:
        return text


def rows_of(path):
    with open(path, newline="") as f:
        return list(csv.DictReader(f))


def pmml4s():
    from pypmml import Model

    def load(path):
        model = Model.fromFile(path)
        text = {f.name for f in model.inputFields if f.dataType == "string"}

        def score(row):
            present = {k: v if k in text else cell(v) for k, v in row.items() if cell(v) is not None}
            found = dict(model.predict(present))
            # Without an Output the prediction is called so.
            if model.targetName:
                found.setdefault(model.targetName, found.get("predicted_" + model.targetName))
            return found

        return score

    return load


def jpmml():
    from jpmml_evaluator import make_evaluator
    from jpmml_evaluator.jpype import JPypeBackend

    backend = JPypeBackend()

    def load(path):
        model = make_evaluator(path, backend=backend)
        model.verify()
        text = {f.name for f in model.getInputFields() if f.dataType == "string"}

        def score(row):
            return model.evaluate({k: v if k in text and v != "" else cell(v) for k, v in row.items()})

        return score

    return load


def apart(got, wanted):
    if isinstance(wanted, float) and got is not None:
        return not abs(float(got) - wanted) / (1 + abs(wanted)) <= 1e-4
    return (got is None) != (wanted is None) or (wanted is not None and str(got) != str(wanted))


def main(folder, engine, part=""):
    load = {"pmml4s": pmml4s, "jpmml": jpmml}[engine]()
    count = {"agree": 0, "differ": 0, "fail": 0}
    for path in sorted(glob.glob(os.path.join(folder, "*.pmml"))):
        stem = path[: -len(".pmml")]
        name = os.path.basename(stem)
        if part not in name:
            continue
        try:
            score = load(path)
            expected = rows_of(stem + ".expected.csv")
            found = []
            for i, row in enumerate(rows_of(stem + ".input.csv")):
                got = score(row)
                found += [(i, k, cell(w), got.get(k)) for k, w in expected[i].items() if apart(got.get(k), cell(w))]
            count["differ" if found else "agree"] += 1
            if found:
                print(f"{name}: {len(found)} cells differ, the first: {found[0]}")
        except Exception as error:
            count["fail"] += 1
            print(f"{name}: {str(error).splitlines()[0][:200]}")
    print(engine, ", ".join(f"{n} {what}" for what, n in count.items()))


main(*sys.argv[1:])
