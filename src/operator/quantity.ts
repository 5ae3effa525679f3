/** Reads Kubernetes quantities ("10Gi", "500m", 1073741824). Exact up to 2^53, which is 8 PiB and enough for a volume. */
const factors: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
}

export type Quantity = string | number

export function parseQuantity(quantity: Quantity): number {
  const match = /^([+-]?[0-9]*\.?[0-9]*(?:[eE][+-]?[0-9]+)?)(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$/.exec(String(quantity).trim())
  const number = Number(match?.[1])
  if (match?.[1] === undefined || match[1] === '' || Number.isNaN(number)) throw new RangeError(`not a quantity: "${quantity}"`)
  return number * factors[match[2] ?? '']!
}

export const cpuMillis = (quantity: Quantity) => Math.round(parseQuantity(quantity) * 1000)

/** Bytes for people: the largest binary unit that divides them. */
export function formatBytes(bytes: number): string {
  const unit = ['Ti', 'Gi', 'Mi', 'Ki'].find(u => bytes >= factors[u]! && bytes % factors[u]! === 0)
  return unit === undefined ? String(bytes) : `${bytes / factors[unit]!}${unit}`
}
