/** Names met in a document, each made once: found again by its bytes, without a string. */
import { EQUALS, inName, isName } from './characters.ts';

export interface Name {
  /** As written. */
  readonly text: string;
  readonly prefix: string;
  /** Without its prefix. */
  readonly local: string;
  /** In UTF-8. */
  readonly bytes: Uint8Array;
  /** `xmlns`, or a name with the prefix xmlns. */
  readonly declares: boolean;
  /** Does it ask what namespaces say: by a prefix, or as it declares one? */
  readonly spaced: boolean;
  /** Why it is no name; null where it is one. */
  readonly wrong: string | null;
  /** The tag that it was last met in as an attribute: how duplicates are noticed. */
  met: number;
  /** Of an element, the attributes that one of its tags had: what the next is likely to have, in this order. */
  readonly attributes: Name[];
  /** Of an element, the one that was opened next after one of its kind: likely to be so again. */
  next: Name | undefined;
}

const slots = 1024;

export class Names {
  /** A slot by hash; what is not there is asked of the map, so that no choice of names makes the search long. */
  private readonly recent: (Name | undefined)[] = new Array(slots).fill(undefined);
  private readonly all = new Map<string, Name>();

  /** The name in bytes `from` to `to`. */
  get(bytes: Buffer, from: number, to: number, hash: number): Name {
    const slot = (hash ^ (hash >>> 15)) & (slots - 1);
    const known = this.recent[slot];
    if (known !== undefined && same(known.bytes, bytes, from, to)) return known;
    const text = bytes.toString('utf8', from, to);
    let name = this.all.get(text);
    if (name === undefined) {
      name = nameOf(text, bytes.subarray(from, to).slice());
      this.all.set(text, name);
    }
    this.recent[slot] = name;
    return name;
  }
}

/** The engine's one copy of a string, which is compared with those in the code by address. */
const internal = (text: string): string => Object.keys({ [text]: 0 })[0] as string;

const nameOf = (text: string, bytes: Uint8Array): Name => {
  const colon = text.indexOf(':');
  const prefix = colon < 0 ? '' : text.slice(0, colon);
  const local = text.slice(colon + 1);
  return {
    text: internal(text),
    prefix,
    local: internal(local),
    bytes: Uint8Array.from(bytes),
    declares: text === 'xmlns' || prefix === 'xmlns',
    spaced: text === 'xmlns' || prefix !== '',
    wrong: wrong(text, colon, local),
    met: -1,
    attributes: [],
    next: undefined,
  };
};

const wrong = (text: string, colon: number, local: string): string | null => {
  if (!isName(text)) return `'${text}' is no name`;
  // Namespaces in XML 1.0, production 7.
  if (colon === 0 || (colon > 0 && (local.includes(':') || !isName(local)))) {
    return `'${text}' is no name with a prefix`;
  }
  return null;
};

/** Does the name stand at `at`, with `=` right behind it? */
export const follows = ({ bytes: name }: Name, bytes: Uint8Array, at: number): boolean => {
  for (let i = 0; i < name.length; i++) if (name[i] !== bytes[at + i]) return false;
  return bytes[at + name.length] === EQUALS;
};

/** Does the name stand at `at`, and end there? */
export const stands = ({ bytes: name }: Name, bytes: Uint8Array, at: number): boolean => {
  for (let i = 0; i < name.length; i++) if (name[i] !== bytes[at + i]) return false;
  const behind = bytes[at + name.length] as number;
  // Where the window ends the name may go on.
  return inName[behind] === 0 && behind !== 0;
};

const same = (name: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean => {
  if (name.length !== to - from) return false;
  for (let i = 0; i < name.length; i++) if (name[i] !== bytes[from + i]) return false;
  return true;
};
