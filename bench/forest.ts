/** Makes PMML forests of a wanted size: seeded, so that two runs measure the same model. */

/** A small seeded generator (mulberry32): the same forest everywhere. */
export const seeded = (seed: number): (() => number) => {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
};

export interface ForestShape {
  readonly trees: number;
  /** Complete trees: 2^depth leaves each. */
  readonly depth: number;
  readonly features: number;
  readonly seed?: number;
}

/** A regression forest (`average`) over features x0 … in [0, 1), in pieces. */
export function* forestPmml({ trees, depth, features, seed = 1 }: ForestShape): Generator<string> {
  const random = seeded(seed);
  const names = Array.from({ length: features }, (_, i) => `x${i}`);
  const fields = names
    .map((n) => `<DataField name="${n}" optype="continuous" dataType="double"/>`)
    .join('\n');
  const schema = `<MiningSchema><MiningField name="y" usageType="target"/>${names.map((n) => `<MiningField name="${n}"/>`).join('')}</MiningSchema>`;
  yield `<?xml version="1.0" encoding="UTF-8"?>
<PMML version="4.4" xmlns="http://www.dmg.org/PMML-4_4">
<Header copyright="none"/>
<DataDictionary>
<DataField name="y" optype="continuous" dataType="double"/>
${fields}
</DataDictionary>
<MiningModel functionName="regression">
${schema}
<Segmentation multipleModelMethod="average">
`;
  let id = 0;
  const node = function* (level: number, predicate: string): Generator<string> {
    id++;
    if (level === depth) {
      yield `<Node id="${id}" score="${(random() * 10).toPrecision(15)}">${predicate}</Node>\n`;
      return;
    }
    yield `<Node id="${id}">${predicate}\n`;
    const feature = names[Math.floor(random() * features)] as string;
    const threshold = random().toPrecision(16);
    yield* node(
      level + 1,
      `<SimplePredicate field="${feature}" operator="lessOrEqual" value="${threshold}"/>`,
    );
    yield* node(
      level + 1,
      `<SimplePredicate field="${feature}" operator="greaterThan" value="${threshold}"/>`,
    );
    yield '</Node>\n';
  };
  for (let t = 0; t < trees; t++) {
    yield `<Segment id="${t}"><True/><TreeModel functionName="regression" splitCharacteristic="binarySplit">${schema}\n`;
    yield* node(0, '<True/>');
    yield '</TreeModel></Segment>\n';
  }
  yield '</Segmentation></MiningModel></PMML>\n';
}

/** Columns of uniform rows for such a forest. */
export const forestRows = (rows: number, features: number, seed = 2): Float64Array[] => {
  const random = seeded(seed);
  return Array.from({ length: features }, () => Float64Array.from({ length: rows }, random));
};
