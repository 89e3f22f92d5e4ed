export const title = (text: string): void => console.log(`\n${text}`);

export const row = (cells: readonly string[]): void => {
  console.log(`  ${cells.map((c, i) => (i === 0 ? c.padEnd(34) : c.padStart(14))).join('')}`);
};

/** Two or three digits: 0.42×, 3.1×, 120×. */
export const ratio = (x: number): string =>
  `${x >= 100 ? x.toFixed(0) : x >= 10 ? x.toFixed(1) : x.toFixed(2)}×`;
