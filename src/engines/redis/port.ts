/** The one port of Redis and Valkey: tenants connect to it over TCP. */
export const port = 6379
