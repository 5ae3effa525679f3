/**
 * undici's own modules, imported one by one: its index loads fetch, WebSocket, caches and mocks too, which a guest agent would carry in memory
 * for nothing. The types are undici's.
 */
declare module 'undici/lib/dispatcher/pool.js' {
  import { Pool } from 'undici'
  export = Pool
}

declare module 'undici/lib/api/api-request.js' {
  import { Dispatcher } from 'undici'

  function request(this: Pick<Dispatcher, 'dispatch'>, options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData>
  export = request
}
