/** The classes of one target, numbered: those that its DataField lists first, then in the order they are met. */
import { constant, type Data } from '../../src/tensor/data.ts';
import type { DataField } from './dictionary.ts';
import type { Document, Tag } from './document.ts';
import { type DataType, kindOf, literal } from './types.ts';

export class Classes {
  readonly dataType: DataType;
  /** As the document spells them first. */
  readonly labels: string[] = [];
  readonly values: (string | number)[] = [];
  private readonly at = new Map<string | number, number>();

  constructor(field: DataField | undefined) {
    this.dataType = field?.dataType ?? 'string';
    field?.valid.forEach((value, i) => {
      this.at.set(value, this.values.length);
      this.values.push(value);
      this.labels.push(field.spelled[i] as string);
    });
  }

  get count(): number {
    return this.values.length;
  }

  /** The number of a class by its text; a new one where it was never met. */
  index(doc: Document, tag: Tag, text: string): number {
    const value = literal(doc, tag, text, this.dataType);
    let i = this.at.get(value);
    if (i === undefined) {
      i = this.values.push(value) - 1;
      this.labels.push(text);
      this.at.set(value, i);
    }
    return i;
  }

  /** The number of a class that is known; undefined else. */
  find(value: string | number): number | undefined {
    return this.at.get(value);
  }

  /** What is predicted for each class: strings, or numbers where the target is numeric. Never empty. */
  table(): Data {
    return kindOf(this.dataType) === 'string'
      ? constant('string', this.count > 0 ? (this.values as string[]) : [''])
      : constant('float64', this.count > 0 ? (this.values as number[]) : [0]);
  }
}
