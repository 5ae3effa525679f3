/**
 * Hears the kubelet out, from the first moment on: it is loaded before anything else. The first process of a container has no default for a
 * signal, so one that comes before there is a handler is lost, and the kubelet sends it once: the pod would then last as long as its grace.
 */
export const askedToEnd: Promise<NodeJS.Signals> = new Promise(resolve => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal))
})
