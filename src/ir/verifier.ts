/** Checks a finished graph from outside, whoever made it: used on every model read and after every pass. */
import type { Diagnostic } from './diagnostic.ts';
import { type Model, type Node, opName, type Region, type Value } from './model.ts';

/** All violations found; empty for a sound model. */
export const check = (model: Model): Diagnostic[] => {
  const found: Diagnostic[] = [];
  const say = (rule: string, message: string, node?: Node) =>
    found.push({ rule, severity: 'error', message, ...(node?.from[0] && { at: node.from[0] }) });

  const region = (r: Region, outer: ReadonlySet<Value>, where: string) => {
    const defined = new Set<Value>();
    const names = new Set<string>();
    const define = (v: Value, node?: Node) => {
      if (defined.has(v)) say('ir/single-assignment', `'${v.name}' is defined twice in ${where}`, node);
      if (names.has(v.name))
        say('ir/duplicate-name', `the name '${v.name}' is defined twice in ${where}`, node);
      defined.add(v);
      names.add(v.name);
    };
    for (const c of r.captures) {
      if (!outer.has(c)) say('ir/unknown-value', `${where} captures '${c.name}', which is not around it`);
    }
    const captured = new Set(r.captures);
    const sees = (v: Value) => defined.has(v) || captured.has(v);
    for (const p of r.params) define(p);
    for (const p of r.parameters) {
      if (p.role === 'default') {
        if (!defined.has(p.value))
          say('ir/unknown-value', `default for '${p.value.name}', which is no input`);
      } else define(p.value);
      const { type } = p.value;
      const count = p.data.dims.reduce((n, d) => n * d, 1);
      if (count !== p.data.count)
        say('ir/parameter-size', `'${p.value.name}' has ${p.data.count} elements, its shape ${count}`);
      if (type.kind !== 'tensor' || type.dtype !== p.data.dtype) {
        say('ir/parameter-type', `'${p.value.name}' is declared otherwise than its data`);
      }
    }
    for (const n of r.nodes) {
      for (const v of n.inputs) {
        if (v && !sees(v)) {
          say(
            'ir/unknown-value',
            `${opName(n.op)} '${n.name}' reads '${v.name}', which is not defined before it`,
            n,
          );
        }
      }
      for (const [name, a] of n.attributes) {
        if (a.kind === 'region') {
          region(a.region, new Set([...outer, ...defined]), `${name} of ${opName(n.op)} '${n.name}'`);
          for (const c of a.region.captures) {
            if (!sees(c))
              say(
                'ir/capture-not-listed',
                `'${c.name}' is used in ${name} of '${n.name}' but not listed around it`,
                n,
              );
          }
        }
      }
      for (const v of n.outputs) if (v) define(v, n);
    }
    for (const v of r.results)
      if (!sees(v)) say('ir/unknown-value', `${where} returns '${v.name}', which is not defined`);
  };

  region(model.graph, new Set(), 'the graph');
  const known = new Set<Value>([...model.graph.params, ...model.graph.results]);
  const inputs = new Set<string>();
  const outputs = new Set<string>();
  for (const f of model.fields) {
    if (!known.has(f.value))
      say('ir/field-value', `field '${f.name}' points at '${f.value.name}', neither input nor result`);
    const taken = f.role === 'input' ? inputs : outputs;
    if (taken.has(f.name)) say('ir/duplicate-field', `the ${f.role} field '${f.name}' stands twice`);
    taken.add(f.name);
  }
  return found;
};
