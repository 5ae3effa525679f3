/** What the bench's namespaces are called, for all its processes. */
export const guestsNamespace = 'bench-guests'
export const tenant = 'bench'
