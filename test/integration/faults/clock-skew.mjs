/** Loaded before a program: its calendar is off by TROVE_TEST_SKEW_MS. Monotonic time is as it is. */
const skew = Number(process.env.TROVE_TEST_SKEW_MS)
const RealDate = Date
globalThis.Date = class extends RealDate {
  constructor(...given) {
    if (given.length === 0) super(RealDate.now() + skew)
    else super(...given)
  }
  static now() {
    return RealDate.now() + skew
  }
}
