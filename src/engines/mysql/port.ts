/** The one port of the MySQL family. */
export const port = 3306
