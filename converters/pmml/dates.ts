/**
 * What PMML's date and time types count, and from where (how they are spelled stands in src/rows/dates.ts): `date`
 * days and `dateTime` seconds since 1970-01-01, `time` and `timeSeconds` seconds since midnight, the `…Since[y]`
 * types days or seconds since the first moment of the year y. PMML 4.4.1, Data Dictionary.
 */
import { parseTemporal } from '../../src/rows/dates.ts';

export const secondsOfDay = 86_400;

/** Days from 1970-01-01 to the first day of a year. */
export const daysToYear = (year: number): number =>
  parseTemporal('date', `${year < 0 ? '-' : ''}${String(Math.abs(year)).padStart(4, '0')}-01-01`) ??
  Number.NaN;

export interface Clock {
  readonly unit: 'days' | 'seconds';
  /** From 1970-01-01 (or midnight, for times) to where the count begins, in the unit. */
  readonly origin: number;
  /** Does it name a moment of the calendar, or a time within a day? */
  readonly dated: boolean;
}

/** undefined for a type that is no date or time. */
export const clockOf = (type: string): Clock | undefined => {
  switch (type) {
    case 'date':
      return { unit: 'days', origin: 0, dated: true };
    case 'dateTime':
      return { unit: 'seconds', origin: 0, dated: true };
    case 'time':
    case 'timeSeconds':
      return { unit: 'seconds', origin: 0, dated: false };
  }
  const [, kind, year] = /^(dateDaysSince|dateTimeSecondsSince)\[(\d{1,4})\]$/.exec(type) ?? [];
  if (kind === undefined) return undefined;
  const days = daysToYear(Number(year));
  return kind === 'dateDaysSince'
    ? { unit: 'days', origin: days, dated: true }
    : { unit: 'seconds', origin: days * secondsOfDay, dated: true };
};
