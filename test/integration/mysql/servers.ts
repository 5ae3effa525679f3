/** The servers that every test of the family runs on: of each engine the newest version. */
export const servers = [
  ['mariadb', '11.8'],
  ['mysql', '9.7'],
] as const
