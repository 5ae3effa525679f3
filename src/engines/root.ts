/** The login with every right has the same name in every engine, and no DatabaseUser may have it. */
export const rootName = 'root'
