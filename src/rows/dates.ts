/**
 * PMML's temporal types as counts (PMML 4.4.1, DataDictionary, data types): a date is days since 1970-01-01, a time
 * seconds since midnight, a dateTime seconds since 1970-01-01T00:00:00; `dateDaysSince[Y]`, `dateTimeSecondsSince[Y]`
 * count from 1 January of year Y, `timeSeconds` from midnight. Proleptic Gregorian calendar; a time zone is applied
 * where one is written, and UTC taken where none is. A counted type may also be given as its number.
 */

const day = 86_400;

/** Seconds from 1970-01-01T00:00:00Z to 1 January of a year; undefined where the type counts from none. */
const epoch = (logical: string): number | undefined => {
  const year = /^date(?:DaysSince|TimeSecondsSince)\[(\d{1,4})\]$/.exec(logical)?.[1];
  return year === undefined ? undefined : secondsOf(Number(year), 1, 1);
};

const secondsOf = (year: number, month: number, dayOfMonth: number): number | undefined => {
  const d = new Date(0);
  d.setUTCFullYear(year, month - 1, dayOfMonth);
  // 30 February rolls over into March: no such day.
  const same = d.getUTCMonth() === month - 1 && d.getUTCDate() === dayOfMonth;
  return same ? d.getTime() / 1000 : undefined;
};

const datePattern = /^(-?\d{4,6})-(\d{2})-(\d{2})$/;
const timePattern = /^(\d{2}):(\d{2})(?::(\d{2})(\.\d+)?)?$/;
const zonePattern = /(Z|[+-]\d{2}:?\d{2})$/;

const parseDay = (text: string): number | undefined => {
  const m = datePattern.exec(text);
  return m ? secondsOf(Number(m[1]), Number(m[2]), Number(m[3])) : undefined;
};

const parseTime = (text: string): number | undefined => {
  const m = timePattern.exec(text);
  if (!m) return undefined;
  const [h, min, s] = [Number(m[1]), Number(m[2]), Number(m[3] ?? 0)];
  if (h > 23 || min > 59 || s > 59) return undefined;
  return h * 3600 + min * 60 + s + Number(m[4] ?? 0);
};

/** A length of time: hours may pass 24. */
const parseDuration = (text: string): number | undefined => {
  const m = /^(-?)(\d+):([0-5]\d):([0-5]\d(?:\.\d+)?)$/.exec(text);
  if (!m) return parseTime(text);
  const seconds = Number(m[2]) * 3600 + Number(m[3]) * 60 + Number(m[4]);
  return m[1] === '-' ? -seconds : seconds;
};

const parseMoment = (text: string): number | undefined => {
  const at = text.search(/[T ]/);
  if (at < 0) return parseDay(text);
  const date = parseDay(text.slice(0, at));
  let rest = text.slice(at + 1);
  let offset = 0;
  const zone = zonePattern.exec(rest)?.[1];
  if (zone !== undefined) {
    rest = rest.slice(0, -zone.length);
    if (zone !== 'Z') {
      const sign = zone.startsWith('-') ? -1 : 1;
      offset = sign * (Number(zone.slice(1, 3)) * 3600 + Number(zone.slice(-2)) * 60);
    }
  }
  const time = parseTime(rest);
  return date === undefined || time === undefined ? undefined : date + time - offset;
};

/** Is this logical type one that is held as a count? */
export const isTemporal = (logical: string | undefined): logical is string =>
  logical === 'date' ||
  logical === 'time' ||
  logical === 'dateTime' ||
  logical === 'timeSeconds' ||
  (logical !== undefined && epoch(logical) !== undefined);

/** The count that the text stands for in a temporal type; undefined where it is no such text. */
export const parseTemporal = (logical: string, text: string): number | undefined => {
  if (logical === 'date') {
    const s = parseDay(text);
    return s === undefined ? undefined : s / day;
  }
  if (logical === 'time') return parseTime(text);
  if (logical === 'dateTime') return parseMoment(text);
  if (/^[+-]?\d+(\.\d*)?$/.test(text)) return Number(text);
  if (logical === 'timeSeconds') return parseDuration(text);
  const from = epoch(logical);
  if (from === undefined) return undefined;
  if (logical.startsWith('dateDaysSince')) {
    const s = parseDay(text);
    return s === undefined ? undefined : (s - from) / day;
  }
  const s = parseMoment(text);
  return s === undefined ? undefined : s - from;
};

const clock = (seconds: number): string => {
  const whole = Math.floor(seconds);
  const two = (n: number) => String(n).padStart(2, '0');
  const fraction = seconds === whole ? '' : String(Number((seconds - whole).toFixed(9))).slice(1);
  return `${two(Math.floor(whole / 3600))}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}${fraction}`;
};

/** The text of a count of `date`, `time` or `dateTime`; the counted types stay numbers (undefined). */
export const formatTemporal = (logical: string, count: number): string | undefined => {
  if (logical === 'time') return count >= 0 && count < day ? clock(count) : undefined;
  if (logical !== 'date' && logical !== 'dateTime') return undefined;
  const seconds = logical === 'date' ? count * day : count;
  const days = Math.floor(seconds / day);
  const d = new Date(days * day * 1000);
  if (Number.isNaN(d.getTime())) return undefined;
  const date = d.toISOString().slice(0, -14);
  return logical === 'date' ? date : `${date}T${clock(seconds - days * day)}`;
};
