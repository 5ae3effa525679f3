/** Text in a POSIX shell's script. */

/** One word, whatever it holds. */
export const word = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
