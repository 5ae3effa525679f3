/** The one port of PostgreSQL: on it tenants connect over TCP, and its number is part of the local socket's name. */
export const port = 5432
