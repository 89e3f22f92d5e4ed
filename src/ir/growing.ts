/**
 * Columns of numbers that grow by doubling: a forest has millions of entries, and an array of numbers takes several times as much.
 * Three classes of the same lines, since one over all kinds of arrays would be slow in every engine.
 */

const first = 64;

export class Bytes {
  length = 0;
  private data = new Uint8Array(first);

  /** Returns where the value stands. */
  push(value: number): number {
    if (this.length === this.data.length) {
      const larger = new Uint8Array(2 * this.length);
      larger.set(this.data);
      this.data = larger;
    }
    this.data[this.length] = value;
    return this.length++;
  }

  /** An entry that stands. */
  at(i: number): number {
    return this.data[i] as number;
  }

  set(i: number, value: number): void {
    this.data[i] = value;
  }

  /** The entries so far, without a copy (what is not written yet takes no memory): none of them may be set afterwards. */
  take(): Uint8Array<ArrayBuffer> {
    return this.data.subarray(0, this.length);
  }
}

export class Ints {
  length = 0;
  private data = new Int32Array(first);

  /** Returns where the value stands. */
  push(value: number): number {
    if (this.length === this.data.length) {
      const larger = new Int32Array(2 * this.length);
      larger.set(this.data);
      this.data = larger;
    }
    this.data[this.length] = value;
    return this.length++;
  }

  /** An entry that stands. */
  at(i: number): number {
    return this.data[i] as number;
  }

  set(i: number, value: number): void {
    this.data[i] = value;
  }

  /** The entries so far, without a copy (what is not written yet takes no memory): none of them may be set afterwards. */
  take(): Int32Array<ArrayBuffer> {
    return this.data.subarray(0, this.length);
  }
}

export class Reals {
  length = 0;
  private data = new Float64Array(first);

  /** Returns where the value stands. */
  push(value: number): number {
    if (this.length === this.data.length) {
      const larger = new Float64Array(2 * this.length);
      larger.set(this.data);
      this.data = larger;
    }
    this.data[this.length] = value;
    return this.length++;
  }

  /** An entry that stands. */
  at(i: number): number {
    return this.data[i] as number;
  }

  set(i: number, value: number): void {
    this.data[i] = value;
  }

  /** The entries so far, without a copy (what is not written yet takes no memory): none of them may be set afterwards. */
  take(): Float64Array<ArrayBuffer> {
    return this.data.subarray(0, this.length);
  }
}

const real = new Float64Array(1);
const halves = new Uint32Array(real.buffer);

/** Numbers without repetition, each found by what it is: 0 and -0 are two, NaN is one. */
export class NumberSet {
  readonly values = new Reals();
  /** Open addressing: the place of a value plus 1, 0 where nothing stands. */
  private slots = new Int32Array(2 * first);

  /** Where the number stands; it is added where it is new. */
  index(value: number): number {
    const mask = this.slots.length - 1;
    let slot = hashOf(value) & mask;
    for (let at = this.slots[slot] as number; at !== 0; at = this.slots[slot] as number) {
      if (Object.is(this.values.at(at - 1), value)) return at - 1;
      slot = (slot + 1) & mask;
    }
    const at = this.values.push(value);
    this.slots[slot] = at + 1;
    if (2 * this.values.length > this.slots.length) this.grow();
    return at;
  }

  private grow(): void {
    const slots = new Int32Array(2 * this.slots.length);
    const mask = slots.length - 1;
    for (let i = 0; i < this.values.length; i++) {
      let slot = hashOf(this.values.at(i)) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = i + 1;
    }
    this.slots = slots;
  }
}

/** What differs from process to process, so that nobody can choose numbers that meet in one slot. */
const seed = Math.floor(Math.random() * 0x1_0000_0000);

const hashOf = (value: number): number => {
  real[0] = Number.isNaN(value) ? Number.NaN : value;
  let h = Math.imul((halves[0] as number) ^ seed, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 15) ^ (halves[1] as number), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13) ^ seed, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
};
